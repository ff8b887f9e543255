//! The rules, each with its reason.

use crate::graph::Graph;

pub(crate) enum Rule {
    /// This package depends on nothing at all, or only on these.
    Only(&'static str, &'static [&'static str]),
    /// Of all our packages only this one names any of these.
    Sole(&'static str, &'static [&'static str]),
    /// This package does not come by any of these, not even by way of others.
    Never(&'static str, &'static [&'static str]),
    /// No package of ours depends on this one.
    Top(&'static str),
}

/// Runs code that somebody else wrote in our own process.
const LOADER: &str = "libloading";
const GPIO: [&str; 3] = ["gpio-cdev", "linux-embedded-hal", "gpiocdev"];

/// What of ours a strategy's author gets.
const FOR_PLUGINS: [&str; 2] = ["strategy-sdk", "strategy-abi"];

pub(crate) const RULES: &[Rule] = &[
    // The control law sees nothing of ours, and what can be read whole can be trusted.
    Rule::Only("pump-core", &[]),
    // The contract is for authors in any language, who must not need anything of ours.
    Rule::Only("strategy-abi", &[]),
    Rule::Only("strategy-sdk", &["strategy-abi"]),
    // The first command of a fresh clone waits for nothing.
    Rule::Only("xtask", &[]),
    // A plugin comes in at one door, and a pin too.
    Rule::Sole("strategy-host", &[LOADER]),
    Rule::Sole("pump-hal", &GPIO),
    // The daemon starts the host's program; a plugin's code never enters its process.
    Rule::Never("pumpd", &[LOADER, "strategy-host"]),
    // Nothing in it waits for an executor, and nothing speaks to a network.
    Rule::Never("pumpd", &["tokio", "async-std", "smol", "hyper", "reqwest"]),
    // What judges a prescription asks for declarations and loads none.
    Rule::Never(
        "pump-prescription",
        &[LOADER, "strategy-host", "pump-hal", "pump-simulator"],
    ),
    Rule::Never("strategy-link", &[LOADER]),
    Rule::Never("strategy-link", &GPIO),
    // The operator's documents are words: they move no motor and load no plugin.
    Rule::Never(
        "pump-control",
        &[LOADER, "strategy-host", "pump-hal", "pump-core", "tokio"],
    ),
    // The dose path keeps its dependencies to almost none.
    Rule::Only("pump-lane", &["crossbeam-channel"]),
    Rule::Only(
        "pump-rt",
        &["pump-core", "rustix", "thread-priority", "libc"],
    ),
    // What is durable is written through one door, which knows words and bytes and no doses.
    Rule::Sole("pump-journal", &["rusqlite", "libsqlite3-sys"]),
    Rule::Only(
        "pump-journal",
        &["rusqlite", "rustix", "serde_json", "sha2"],
    ),
    // A recording is read where no pump and no plugin is.
    Rule::Only(
        "pump-recording",
        &["pump-core", "base64", "serde", "serde_json", "sha2"],
    ),
    // The simulator is handed its strategies.
    Rule::Never("pump-simulator", &[LOADER, "strategy-host"]),
    Rule::Never("pump-hal", &[LOADER, "pump-prescription", "strategy-link"]),
    // The host knows messages and no doses.
    Rule::Never(
        "strategy-host",
        &["pump-prescription", "pump-simulator", "pump-hal"],
    ),
    // What judges the ledger asks the control law, the journal and the operators' socket.
    Rule::Never("crash-campaign", &["pumpd", "pump-hal", "strategy-host"]),
    Rule::Only("pump-power-cut", &[]),
    Rule::Top("crash-campaign"),
    Rule::Top("pumpctl"),
    Rule::Top("pumpd"),
    Rule::Top("xtask"),
];

/// Every rule that does not hold, in words, with the arrow that breaks it.
pub(crate) fn broken(graph: &Graph) -> Vec<String> {
    let mut broken = Vec::new();
    for rule in RULES {
        let (Rule::Only(name, _) | Rule::Sole(name, _) | Rule::Never(name, _) | Rule::Top(name)) =
            rule;
        if !graph.is_member(name) {
            broken.push(format!("there is no {name} that a rule could hold for"));
            continue;
        }
        rule.check(graph, &mut broken);
    }
    for plugin in graph.plugins() {
        let ours = graph.uses(plugin).filter(|used| graph.is_member(used));
        for used in ours.filter(|used| !FOR_PLUGINS.contains(used)) {
            broken.push(format!(
                "the plugin {plugin} may depend, of ours, only on {}, but it depends on {used}",
                FOR_PLUGINS.join(", ")
            ));
        }
    }
    broken
}

impl Rule {
    fn check(&self, graph: &Graph, broken: &mut Vec<String>) {
        match *self {
            Self::Only(name, allowed) => only(graph, name, allowed, broken),
            Self::Sole(name, named) => {
                for other in graph.members().filter(|other| *other != name) {
                    for used in graph.uses(other).filter(|used| named.contains(used)) {
                        broken.push(format!(
                            "only {name} may depend on {used}, but {other} does"
                        ));
                    }
                }
            }
            Self::Never(name, far) => {
                for way in far.iter().filter_map(|to| graph.way(name, to)) {
                    let to = way.last().map_or("", String::as_str);
                    broken.push(format!("{name} may not reach {to}: {}", way.join(" → ")));
                }
            }
            Self::Top(name) => {
                for other in graph.members() {
                    if graph.uses(other).any(|used| used == name) {
                        broken.push(format!("nothing may depend on {name}, but {other} does"));
                    }
                }
            }
        }
    }
}

fn only(graph: &Graph, name: &str, allowed: &[&str], broken: &mut Vec<String>) {
    for used in graph.uses(name).filter(|used| !allowed.contains(used)) {
        let rule = match allowed {
            [] => "on nothing".to_owned(),
            some => format!("only on {}", some.join(", ")),
        };
        broken.push(format!(
            "{name} may depend {rule}, but it depends on {used}"
        ));
    }
}
