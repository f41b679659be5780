//! GitHub's expressions, as far as they can be known on paper: three answers, and text that stays
//! open. Source: "Evaluate expressions in workflows and actions" of GitHub's documentation.

/// Parentheses, calls and `!` within each other; GitHub itself has a limit of this order.
const DEPTH_MAX: u8 = 40;
/// `&&` and `||` in one expression: each is a level of the tree.
const JOINTS_MAX: u16 = 250;

/// An expression, parsed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Literal(Value),
    /// `github.event_name`, in lower case; `a['b']` as `a.b`.
    Context(String),
    Call(String, Vec<Expression>),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Equal(Box<Expression>, Box<Expression>),
    Unequal(Box<Expression>, Box<Expression>),
    /// `<` and its kin: never needed to know which way a job goes.
    Order,
}

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// A text or number.
    Text(String),
    /// A text of which only the beginning is known.
    Begins(String),
    /// Not on paper.
    Unknown,
}

/// Gives the value of a context such as `github.ref`.
pub(crate) trait Contexts {
    fn value(&self, path: &str) -> Value;
}

impl Value {
    /// How a condition takes it; `None` when it cannot be known.
    pub(crate) fn truth(&self) -> Option<bool> {
        match self {
            Value::Null => Some(false),
            Value::Bool(truth) => Some(*truth),
            Value::Text(text) => Some(!text.is_empty() && text != "0"),
            Value::Begins(start) => (!start.is_empty()).then_some(true),
            Value::Unknown => None,
        }
    }

    fn from_truth(truth: Option<bool>) -> Value {
        truth.map_or(Value::Unknown, Value::Bool)
    }

    /// As it stands in a text.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Value::Null => Some(String::new()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Text(text) => Some(text.clone()),
            Value::Begins(_) | Value::Unknown => None,
        }
    }

    /// As a number, which GitHub makes of both sides when they are of different kinds.
    fn number(&self) -> Option<f64> {
        match self {
            Value::Null => Some(0.0),
            Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
            Value::Text(text) if text.trim().is_empty() => Some(0.0),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Begins(_) | Value::Unknown => None,
        }
    }

    /// Of two that are known and of different kinds. An input may be a text or what it looks like:
    /// where that matters, it is not known.
    fn equals_loosely(&self, other: &Value) -> Option<bool> {
        let as_texts = self.text()?.eq_ignore_ascii_case(&other.text()?);
        let as_numbers = match (self.number(), other.number()) {
            (Some(one), Some(other)) => (one - other).abs() < f64::EPSILON,
            _ => false,
        };
        let texts = matches!(self, Value::Text(_)) || matches!(other, Value::Text(_));
        if texts && as_texts != as_numbers { None } else { Some(as_numbers) }
    }

    /// `==`: texts are compared without case.
    fn equals(&self, other: &Value) -> Option<bool> {
        let begins = |start: &str, text: &str| {
            let fits = text.get(..start.len()).is_some_and(|s| s.eq_ignore_ascii_case(start));
            if fits { None } else { Some(false) }
        };
        match (self, other) {
            (Value::Unknown, _) | (_, Value::Unknown) => None,
            (Value::Begins(start), Value::Text(text)) => begins(start, text),
            (Value::Text(text), Value::Begins(start)) => begins(start, text),
            (Value::Begins(_), Value::Begins(_)) => None,
            (Value::Begins(_), _) | (_, Value::Begins(_)) => Some(false),
            (Value::Text(one), Value::Text(other)) => Some(one.eq_ignore_ascii_case(other)),
            (Value::Bool(one), Value::Bool(other)) => Some(one == other),
            _ => self.equals_loosely(other),
        }
    }
}

impl Expression {
    /// Parses what stands in `${{ }}` or in an `if`; `None` when it is none.
    pub(crate) fn parse(text: &str) -> Option<Expression> {
        let text = text.trim();
        let text = text
            .strip_prefix("${{")
            .and_then(|rest| rest.strip_suffix("}}"))
            .filter(|inner| !inner.contains("}}"))
            .unwrap_or(text);
        let mut parser = Parser { rest: text, depth: 0, joints: 0 };
        let expression = parser.or()?;
        parser.rest.trim().is_empty().then_some(expression)
    }

    pub(crate) fn value(&self, contexts: &dyn Contexts) -> Value {
        match self {
            Expression::Literal(value) => value.clone(),
            Expression::Context(path) => contexts.value(path),
            Expression::Call(name, arguments) => call(name, arguments, contexts),
            Expression::Not(inner) => {
                Value::from_truth(inner.value(contexts).truth().map(|truth| !truth))
            }
            Expression::And(one, other) => {
                let (one, other) = (one.value(contexts), other.value(contexts));
                match (one.truth(), other.truth()) {
                    (Some(false), _) => one,
                    (Some(true), _) => other,
                    (None, Some(false)) => Value::Bool(false),
                    (None, _) => Value::Unknown,
                }
            }
            Expression::Or(one, other) => {
                let (one, other) = (one.value(contexts), other.value(contexts));
                match (one.truth(), other.truth()) {
                    (Some(true), _) => one,
                    (Some(false), _) => other,
                    (None, Some(true)) if other == Value::Bool(true) => other,
                    (None, _) => Value::Unknown,
                }
            }
            Expression::Equal(one, other) => {
                Value::from_truth(one.value(contexts).equals(&other.value(contexts)))
            }
            Expression::Unequal(one, other) => {
                let equal = one.value(contexts).equals(&other.value(contexts));
                Value::from_truth(equal.map(|equal| !equal))
            }
            Expression::Order => Value::Unknown,
        }
    }

    /// The same in a run in which something has failed, or nothing has.
    pub(crate) fn supposing(self, failed: bool) -> Expression {
        let of = |inner: Box<Expression>| Box::new(inner.supposing(failed));
        match self {
            Expression::Call(name, arguments) if arguments.is_empty() => match name.as_str() {
                "failure" => Expression::Literal(Value::Bool(failed)),
                "success" => Expression::Literal(Value::Bool(!failed)),
                "cancelled" => Expression::Literal(Value::Bool(false)),
                _ => Expression::Call(name, arguments),
            },
            Expression::Not(inner) => Expression::Not(of(inner)),
            Expression::And(one, other) => Expression::And(of(one), of(other)),
            Expression::Or(one, other) => Expression::Or(of(one), of(other)),
            Expression::Equal(one, other) => Expression::Equal(of(one), of(other)),
            Expression::Unequal(one, other) => Expression::Unequal(of(one), of(other)),
            same => same,
        }
    }

    /// All contexts that are asked anywhere in it.
    pub(crate) fn contexts<'e>(&'e self, paths: &mut Vec<&'e str>) {
        match self {
            Expression::Literal(_) | Expression::Order => (),
            Expression::Context(path) => paths.push(path),
            Expression::Call(_, arguments) => {
                arguments.iter().for_each(|argument| argument.contexts(paths));
            }
            Expression::Not(inner) => inner.contexts(paths),
            Expression::And(one, other)
            | Expression::Or(one, other)
            | Expression::Equal(one, other)
            | Expression::Unequal(one, other) => {
                one.contexts(paths);
                other.contexts(paths);
            }
        }
    }

    /// Whether a context beginning like this, or a function of this name, is asked anywhere in it.
    pub(crate) fn asks(&self, start: &str) -> bool {
        match self {
            Expression::Literal(_) | Expression::Order => false,
            Expression::Context(path) => path.starts_with(start),
            Expression::Call(name, arguments) => {
                name == start || arguments.iter().any(|argument| argument.asks(start))
            }
            Expression::Not(inner) => inner.asks(start),
            Expression::And(one, other)
            | Expression::Or(one, other)
            | Expression::Equal(one, other)
            | Expression::Unequal(one, other) => one.asks(start) || other.asks(start),
        }
    }
}

/// Whether something failed or was cancelled is not on paper.
fn call(name: &str, arguments: &[Expression], contexts: &dyn Contexts) -> Value {
    let values: Vec<Value> = arguments.iter().map(|argument| argument.value(contexts)).collect();
    match (name, values.as_slice()) {
        ("contains", [_, Value::Text(item)]) if listed(arguments).is_some() => {
            let is_item = |one: &String| one.eq_ignore_ascii_case(item);
            listed(arguments).map_or(Value::Unknown, |list| Value::Bool(list.iter().any(is_item)))
        }
        // Nothing holds nothing, and is as good as an empty text.
        ("contains", [Value::Null, Value::Text(part)]) => Value::Bool(part.is_empty()),
        ("always", []) => Value::Bool(true),
        ("startswith", [Value::Begins(start), Value::Text(text)]) => {
            let (start, text) = (start.to_ascii_lowercase(), text.to_ascii_lowercase());
            match (start.starts_with(&text), text.starts_with(&start)) {
                (true, _) => Value::Bool(true),
                (false, true) => Value::Unknown,
                (false, false) => Value::Bool(false),
            }
        }
        ("startswith", [Value::Text(text), Value::Text(start)]) => {
            Value::Bool(text.to_ascii_lowercase().starts_with(&start.to_ascii_lowercase()))
        }
        ("endswith", [Value::Text(text), Value::Text(end)]) => {
            Value::Bool(text.to_ascii_lowercase().ends_with(&end.to_ascii_lowercase()))
        }
        ("contains", [Value::Text(text), Value::Text(part)]) => {
            Value::Bool(text.to_ascii_lowercase().contains(&part.to_ascii_lowercase()))
        }
        ("format", [Value::Text(text), inner @ ..]) => format(text, inner),
        ("tojson" | "fromjson", [Value::Bool(truth)]) => Value::Bool(*truth),
        ("fromjson", [Value::Text(text)]) if text == "true" || text == "false" => {
            Value::Bool(text == "true")
        }
        _ => Value::Unknown,
    }
}

/// The texts of `fromJSON('["a", "b"]')`, when that is the first argument and holds nothing else.
fn listed(arguments: &[Expression]) -> Option<Vec<String>> {
    let Some(Expression::Call(name, inner)) = arguments.first() else { return None };
    let [Expression::Literal(Value::Text(text))] = inner.as_slice() else { return None };
    let list = sealwright_yaml::read(text.as_bytes());
    let items = list.documents.first().filter(|_| name == "fromjson")?.root.items();
    let texts: Option<Vec<String>> =
        items.iter().map(|item| item.text().map(str::to_owned)).collect();
    texts.filter(|texts| !texts.is_empty())
}

fn format(text: &str, values: &[Value]) -> Value {
    let mut text = text.to_owned();
    for (index, value) in values.iter().enumerate() {
        match value.text() {
            Some(value) => text = text.replace(&format!("{{{index}}}"), &value),
            None => return Value::Unknown,
        }
    }
    Value::Text(text)
}

struct Parser<'a> {
    rest: &'a str,
    depth: u8,
    joints: u16,
}

impl Parser<'_> {
    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn joint(&mut self, token: &str) -> Option<bool> {
        let eaten = self.eat(token);
        self.joints += u16::from(eaten);
        (self.joints <= JOINTS_MAX).then_some(eaten)
    }

    fn or(&mut self) -> Option<Expression> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut left = self.and()?;
        while self.joint("||")? {
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Some(left)
    }

    fn and(&mut self) -> Option<Expression> {
        let mut left = self.comparison()?;
        while self.joint("&&")? {
            left = Expression::And(Box::new(left), Box::new(self.comparison()?));
        }
        Some(left)
    }

    fn comparison(&mut self) -> Option<Expression> {
        let left = self.not()?;
        if self.eat("==") {
            return Some(Expression::Equal(Box::new(left), Box::new(self.not()?)));
        }
        if self.eat("!=") {
            return Some(Expression::Unequal(Box::new(left), Box::new(self.not()?)));
        }
        if ["<=", ">=", "<", ">"].iter().any(|operator| self.eat(operator)) {
            self.not()?;
            return Some(Expression::Order);
        }
        Some(left)
    }

    fn not(&mut self) -> Option<Expression> {
        let mut negated = false;
        while !self.rest.trim_start().starts_with("!=") && self.eat("!") {
            negated = !negated;
        }
        let inner = self.primary()?;
        Some(if negated { Expression::Not(Box::new(inner)) } else { inner })
    }

    fn primary(&mut self) -> Option<Expression> {
        if self.eat("(") {
            let inner = self.or()?;
            return self.eat(")").then_some(inner);
        }
        if self.eat("'") {
            return self.quoted();
        }
        let rest = self.rest.trim_start();
        let letter = |c: char| c.is_ascii_alphanumeric() || "_-.*".contains(c);
        let end = rest.find(|c| !letter(c)).unwrap_or(rest.len());
        let word = rest[..end].to_ascii_lowercase();
        self.rest = &rest[end..];
        if word.is_empty() {
            return None;
        }
        if self.eat("(") {
            return self.arguments(word);
        }
        match word.as_str() {
            "true" | "false" => Some(Expression::Literal(Value::Bool(word == "true"))),
            "null" => Some(Expression::Literal(Value::Null)),
            _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                Some(Expression::Literal(Value::Text(word)))
            }
            _ => self.path(word),
        }
    }

    /// What follows a context: `['name']`, `[0]`, `.more`.
    fn path(&mut self, mut path: String) -> Option<Expression> {
        while self.rest.starts_with('[') {
            self.rest = &self.rest[1..];
            let key = match self.or()? {
                Expression::Literal(Value::Text(key)) => key.to_ascii_lowercase(),
                _ => "*".to_owned(),
            };
            if !self.eat("]") {
                return None;
            }
            path = format!("{path}.{key}");
            let letter = |c: char| c.is_ascii_alphanumeric() || "_-.*".contains(c);
            let end = self.rest.find(|c| !letter(c)).unwrap_or(self.rest.len());
            path.push_str(&self.rest[..end].to_ascii_lowercase());
            self.rest = &self.rest[end..];
        }
        Some(Expression::Context(path))
    }

    fn quoted(&mut self) -> Option<Expression> {
        let mut text = String::new();
        loop {
            let end = self.rest.find('\'')?;
            text.push_str(&self.rest[..end]);
            self.rest = &self.rest[end + 1..];
            match self.rest.strip_prefix('\'') {
                Some(rest) => self.rest = rest,
                None => return Some(Expression::Literal(Value::Text(text))),
            }
            text.push('\'');
        }
    }

    fn arguments(&mut self, name: String) -> Option<Expression> {
        let mut arguments = Vec::new();
        if self.eat(")") {
            return Some(Expression::Call(name, arguments));
        }
        loop {
            arguments.push(self.or()?);
            if self.eat(")") {
                return Some(Expression::Call(name, arguments));
            }
            if !self.eat(",") {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
