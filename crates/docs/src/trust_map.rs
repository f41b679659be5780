//! The trust map: signers at the left, what each may sign in the middle, where it runs at the
//! right. Places are computed here; the template draws.

use serde::Serialize;

use crate::model::Site;

const BOX_WIDTH: usize = 230;
const BOX_HEIGHT: usize = 50;
const ROW_PITCH: usize = 70;
const COLUMN_PITCH: usize = 330;
const MARGIN: usize = 20;
const HEADER: usize = 40;
/// Characters of a name that fit in a box.
const LABEL_CHARS_MAX: usize = 26;
/// Characters of the smaller second line that fit in a box.
const DETAIL_CHARS_MAX: usize = 36;

#[derive(Debug, Serialize)]
pub(crate) struct TrustMap {
    width: usize,
    height: usize,
    columns: Vec<Column>,
    boxes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Debug, Serialize)]
struct Column {
    x: usize,
    title: &'static str,
}

#[derive(Debug, Serialize)]
struct Node {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    text_x: usize,
    label_y: usize,
    detail_y: usize,
    class: &'static str,
    label: String,
    /// The second line: what colour and dashes say, in words.
    detail: String,
    /// Shown when pointed at.
    title: String,
}

#[derive(Debug, Serialize)]
struct Edge {
    x1: usize,
    y1: usize,
    x2: usize,
    y2: usize,
    bend_x: usize,
}

impl TrustMap {
    pub(crate) fn of(site: &Site) -> Self {
        let signers = site.signers.iter().map(|signer| Words {
            class: "signer",
            name: &signer.name,
            detail: &signer.workflow,
            title: signer.subject_pattern.clone(),
        });
        let artifacts = site.artifacts.iter().map(|artifact| Words {
            class: class_of(&artifact.observed),
            name: &artifact.name,
            detail: &artifact.observed,
            title: artifact.repository.clone(),
        });
        let environments = site.environments.iter().map(|environment| Words {
            class: "environment",
            name: &environment.name,
            detail: &environment.trusts,
            title: environment.sources.join(", "),
        });
        let rows = site.signers.len().max(site.artifacts.len()).max(site.environments.len());
        let mut boxes: Vec<Node> = Vec::new();
        boxes.extend(signers.enumerate().map(|(row, node)| place(0, row, node)));
        boxes.extend(artifacts.enumerate().map(|(row, node)| place(1, row, node)));
        boxes.extend(environments.enumerate().map(|(row, node)| place(2, row, node)));
        Self {
            width: 2 * MARGIN + 2 * COLUMN_PITCH + BOX_WIDTH,
            height: HEADER + rows.max(1) * ROW_PITCH,
            columns: ["may sign", "artifact", "runs in"]
                .into_iter()
                .enumerate()
                .map(|(i, title)| Column { x: column_x(i), title })
                .collect(),
            edges: edges(site),
            boxes,
        }
    }
}

fn edges(site: &Site) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (from, signer) in site.signers.iter().enumerate() {
        for (to, artifact) in site.artifacts.iter().enumerate() {
            if signer.artifacts.iter().any(|link| link.name == artifact.name) {
                edges.push(edge(0, from, to));
            }
        }
    }
    // Every environment judges every artifact by the same signers; which source pulls which
    // artifact is the cluster's to say, so the second half of the map is one fan.
    for from in 0..site.artifacts.len() {
        edges.extend((0..site.environments.len()).map(|to| edge(1, from, to)));
    }
    edges
}

fn edge(column: usize, from: usize, to: usize) -> Edge {
    let (x1, x2) = (column_x(column) + BOX_WIDTH, column_x(column + 1));
    Edge {
        x1,
        y1: row_y(from) + BOX_HEIGHT / 2,
        x2,
        y2: row_y(to) + BOX_HEIGHT / 2,
        bend_x: x1.midpoint(x2),
    }
}

/// What stands in a box.
struct Words<'a> {
    class: &'static str,
    name: &'a str,
    detail: &'a str,
    title: String,
}

fn place(column: usize, row: usize, words: Words<'_>) -> Node {
    let (x, y) = (column_x(column), row_y(row));
    Node {
        x,
        y,
        width: BOX_WIDTH,
        height: BOX_HEIGHT,
        text_x: x + BOX_WIDTH / 2,
        label_y: y + 20,
        detail_y: y + 38,
        class: words.class,
        label: cut(words.name, LABEL_CHARS_MAX),
        detail: cut(words.detail, DETAIL_CHARS_MAX),
        title: words.title,
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max - 1).chain(['…']).collect()
}

fn class_of(observed: &str) -> &'static str {
    match observed {
        "Verified" => "artifact verified",
        "Refused" => "artifact refused",
        _ => "artifact unknown",
    }
}

fn column_x(column: usize) -> usize {
    MARGIN + column * COLUMN_PITCH
}

fn row_y(row: usize) -> usize {
    HEADER + row * ROW_PITCH
}
