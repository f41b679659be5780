//! Texts that become YAML only when somebody renders them.

/// Which templates a text seems to be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Template {
    /// `{{ … }}`: Helm, Go templates, Jinja, GitHub's expressions within `${{ }}`.
    Braces,
    /// `{% … %}`: Jinja and its kin.
    Jinja,
    /// `<< … >>`: flux-operator's ResourceSet.
    ResourceSet,
    /// `${…}`: Flux's `postBuild`, kro, envsubst, Terraform.
    Variable,
}

impl Template {
    /// Its name for a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Template::Braces => "a `{{ }}` template",
            Template::Jinja => "a `{% %}` template",
            Template::ResourceSet => "a `<< >>` template",
            Template::Variable => "a text with `${ }` variables",
        }
    }
}

/// The first kind of template that there is in a text. A text with none is what it will be.
pub fn template_in(text: &str) -> Option<Template> {
    let holds = |open: &str, close: &str| {
        text.find(open).is_some_and(|at| text[at + open.len()..].contains(close))
    };
    if holds("{%", "%}") {
        Some(Template::Jinja)
    } else if holds("{{", "}}") {
        Some(Template::Braces)
    } else if holds("<<", ">>") {
        Some(Template::ResourceSet)
    } else if holds("${", "}") {
        Some(Template::Variable)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_from_texts() {
        let cases = [
            ("{{ .Values.url }}", Some(Template::Braces), "Helm"),
            ("{% if x %}{{ y }}{% endif %}", Some(Template::Jinja), "statements tell Jinja"),
            ("^<< inputs.subject >>$", Some(Template::ResourceSet), "within a pattern"),
            ("oci://x/${NAME:=app}", Some(Template::Variable), "with a default"),
            ("a{2}", None, "a repetition is no template"),
            ("{{", None, "nothing closes it"),
            ("$", None, "an anchor"),
            ("<<", None, "a merge key"),
        ];
        for (text, expected, reason) in cases {
            assert_eq!(template_in(text), expected, "{text:?}: {reason}");
        }
    }
}
