//! Images of the workloads of Kubernetes itself, at exactly the paths that the kubelet reads.

use super::Inventory;
use super::Rule;
use super::document::Node;
use super::search::Source;

/// Where each kind keeps its pod specification.
const POD_SPECS: [(&str, &[&str]); 10] = [
    ("Pod", &["spec"]),
    ("PodTemplate", &["template", "spec"]),
    ("ReplicationController", &["spec", "template", "spec"]),
    ("Deployment", &["spec", "template", "spec"]),
    ("StatefulSet", &["spec", "template", "spec"]),
    ("DaemonSet", &["spec", "template", "spec"]),
    ("ReplicaSet", &["spec", "template", "spec"]),
    ("Job", &["spec", "template", "spec"]),
    ("CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
    ("ControllerRevision", &["data", "spec", "template", "spec"]),
];

pub(super) fn search(kind: &str, node: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let path = POD_SPECS.iter().find(|(name, _)| *name == kind).map(|(_, path)| *path);
    let Some(pod) = path.and_then(|path| node.at(path)) else { return };
    let mut add = |image: Option<&Node>| {
        let Some((node, text)) = image.and_then(|node| Some((node, node.as_text()?))) else {
            return;
        };
        inventory.add_image(text, source.file, source.line(node), Rule::Pod);
    };
    for containers in ["initContainers", "containers", "ephemeralContainers"] {
        for container in pod.get(containers).map(Node::items).unwrap_or_default() {
            add(container.get("image"));
        }
    }
    for volume in pod.get("volumes").map(Node::items).unwrap_or_default() {
        add(volume.at(&["image", "reference"]));
    }
}
