//! Fills in what differs from replica to replica: `{port}`, `{index}`, `{name}`.

use health_tokio::supervise::{Program, ReplicaProgram};
use serde_json::{Map, Value, json};

/// A replica, as far as its checks name it.
pub(super) struct Replica<'a> {
    program: &'a Program,
    own: ReplicaProgram,
}

impl<'a> Replica<'a> {
    /// Of the program of a group.
    pub(super) fn new(program: &'a Program, index: u16) -> Self {
        let own = program.replica(index);
        Self { program, own }
    }

    /// Whether `{port}` is replaced.
    pub(super) fn has_port(&self) -> bool {
        self.own.port().is_some()
    }

    fn fill(&self, text: &str) -> String {
        self.program.fill(text, self.own.index())
    }

    /// The table of a check for this replica: its port and its command filled in.
    pub(super) fn check(&self, table: &mut Map<String, Value>) {
        for form in ["http", "httpGet", "tcp", "tcpSocket"] {
            if let Some(Value::Object(place)) = table.get_mut(form) {
                self.fill_port(place);
            }
        }
        if let Some(Value::String(url)) = table.get_mut("url") {
            *url = self.fill_address(url);
        }
        if let Some(exec) = table.get_mut("exec") {
            self.fill_command(exec);
        }
    }

    fn fill_port(&self, place: &mut Map<String, Value>) {
        match (place.get_mut("port"), self.own.port()) {
            (Some(port), _) => {
                if let Value::String(text) = port {
                    let text = self.fill(text);
                    *port = text.parse::<u16>().map_or(text.into(), Value::from);
                }
            }
            (None, Some(own)) => drop(place.insert("port".to_owned(), own.into())),
            (None, None) => {}
        }
    }

    /// Only host and port: no path is touched.
    fn fill_address(&self, url: &str) -> String {
        let Some((scheme, rest)) = url.split_once("://") else {
            return url.to_owned();
        };
        let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        format!("{scheme}://{}{path}", self.fill(address))
    }

    /// The words of the command, and the environment that the replica's own process has.
    fn fill_command(&self, exec: &mut Value) {
        let (command, own) = match &*exec {
            Value::Object(table) => (table.get("command").cloned(), table.get("env").cloned()),
            list => (Some(list.clone()), None),
        };
        let Some(Value::Array(mut words)) = command else {
            // The reader says what is allowed.
            return;
        };
        for word in &mut words {
            if let Value::String(text) = word {
                *text = self.fill(text);
            }
        }
        let variables = self.own.variables();
        let variables = variables.map(|(name, value)| (name.to_owned(), value.into()));
        let mut env: Map<String, Value> = variables.collect();
        if let Some(Value::Object(own)) = own {
            env.extend(own);
        }
        match exec {
            Value::Object(table) => {
                table.insert("command".to_owned(), words.into());
                table.insert("env".to_owned(), env.into());
            }
            list => *list = json!({ "command": words, "env": env }),
        }
    }
}
