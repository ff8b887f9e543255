//! Who depends on whom, for building what ships: tests' own dependencies are left out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Ours, rather than from the registry.
    pub(crate) member: bool,
    /// Names of the packages it depends on, to run or to build.
    pub(crate) uses: Vec<String>,
    /// Makes a shared library.
    pub(crate) plugin: bool,
}

impl Package {
    pub(crate) fn new(name: &str, member: bool, uses: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            member,
            uses: uses.iter().map(|used| (*used).to_owned()).collect(),
            plugin: name == "pca",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Graph {
    packages: BTreeMap<String, Package>,
}

impl Graph {
    /// Two versions of one package are one here.
    pub(crate) fn new(packages: Vec<Package>) -> Self {
        let mut graph = Self {
            packages: BTreeMap::new(),
        };
        for package in packages {
            match graph.packages.get_mut(&package.name) {
                Some(known) => known.uses.extend(package.uses),
                None => {
                    graph.packages.insert(package.name.clone(), package);
                }
            }
        }
        graph
    }

    /// From `cargo metadata`.
    pub(crate) fn read(metadata: &[u8]) -> Self {
        let metadata: Value = serde_json::from_slice(metadata).expect("cargo writes JSON");
        let members: BTreeSet<&str> = list(&metadata["workspace_members"])
            .filter_map(Value::as_str)
            .collect();
        let about: BTreeMap<&str, &Value> = list(&metadata["packages"])
            .map(|package| (text(&package["id"]), package))
            .collect();
        let packages = list(&metadata["resolve"]["nodes"]).map(|node| {
            let id = text(&node["id"]);
            let package = about[id];
            let used = list(&node["deps"]).filter(|used| {
                list(&used["dep_kinds"]).any(|kind| kind["kind"].as_str() != Some("dev"))
            });
            let kinds = list(&package["targets"]).flat_map(|target| list(&target["crate_types"]));
            Package {
                name: text(&package["name"]).to_owned(),
                member: members.contains(id),
                uses: used
                    .map(|used| text(&about[text(&used["pkg"])]["name"]).to_owned())
                    .collect(),
                plugin: kinds.into_iter().any(|kind| kind == "cdylib"),
            }
        });
        Self::new(packages.collect())
    }

    pub(crate) fn is_member(&self, name: &str) -> bool {
        self.packages
            .get(name)
            .is_some_and(|package| package.member)
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &str> {
        let members = self.packages.values().filter(|package| package.member);
        members.map(|package| package.name.as_str())
    }

    pub(crate) fn plugins(&self) -> Vec<&str> {
        let ours = self
            .packages
            .values()
            .filter(|package| package.member && package.plugin);
        ours.map(|package| package.name.as_str()).collect()
    }

    /// What a package depends on itself.
    pub(crate) fn uses(&self, name: &str) -> impl Iterator<Item = &str> {
        let package = self.packages.get(name);
        package
            .into_iter()
            .flat_map(|package| package.uses.iter().map(String::as_str))
    }

    /// The shortest way from one package to another along the arrows.
    pub(crate) fn way(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut seen = BTreeSet::from([from]);
        let mut ways = VecDeque::from([vec![from]]);
        while let Some(way) = ways.pop_front() {
            let last = *way.last()?;
            if last == to && way.len() > 1 {
                return Some(way.into_iter().map(str::to_owned).collect());
            }
            for used in self.uses(last) {
                if seen.insert(used) {
                    let mut longer = way.clone();
                    longer.push(used);
                    ways.push_back(longer);
                }
            }
        }
        None
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
