//! What a run has not followed to its end, and why.

use super::*;

impl<'f> Engine<'_, 'f> {
    /// Files other than the first that do not compile and of which functions were met.
    pub(super) fn broken(&self) -> Vec<crate::target::RelativePath> {
        let met: BTreeSet<u32> = self
            .units
            .iter()
            .filter(|unit| matches!(unit.body, Body::Function(_)) || self.files[unit.file as usize].root)
            .map(|unit| unit.file)
            .chain(self.broken_modules.iter().copied())
            .collect();
        met.into_iter()
            .filter(|file| *file != 0)
            .map(|file| self.files[file as usize].source)
            .filter(|file| !file.source().errors().is_empty())
            .map(|file| file.path().clone())
            .collect()
    }

    /// The attributes of objects that arrive at sinks in the first file, by class.
    pub(super) fn arriving_attributes(&self) -> BTreeSet<(ClassId, Name)> {
        let mut found = BTreeSet::new();
        for unit in self.units.iter().filter(|_| self.specification.options.deep) {
            let Some(class) = unit.class else { continue };
            for arrival in unit.summary.arrivals.iter().filter(|arrival| arrival.sink_file == 0) {
                if let (0, Some(Element::Attribute(name))) = (arrival.parameter, arrival.path.first()) {
                    found.extend(self.classes[class].family.iter().map(|class| (*class, name.clone())));
                }
            }
        }
        found
    }

    /// Whether a method may store what it is given in an attribute that arrives somewhere.
    pub(super) fn may_keep_for(&self, unit: &Unit<'f>, arriving: &BTreeSet<(ClassId, Name)>) -> bool {
        let (Some(class), Body::Function(function)) = (unit.class, unit.body) else { return false };
        unit.name != "__init__"
            && function.parameters.len() > 1
            && arriving.iter().any(|(of, name)| *of == class && unit.attributes.contains(name))
    }

    /// Functions whose callers could tell more of sources and sinks in the first file. A
    /// constructor is called by its class's name.
    pub(super) fn open(&self) -> Vec<Open> {
        let mut functions = BTreeMap::new();
        let arriving = self.arriving_attributes();
        for unit in &self.units {
            let returns = unit.summary.returned.reachable();
            let is_of_first = |taint: &Taint| matches!(taint.origin, Origin::Source { file: 0, .. });
            let returns = returns.iter().any(is_of_first);
            // What is raised is caught by callers.
            let raises =
                unit.summary.raised.iter().any(|thrown| thrown.value.reachable().iter().any(is_of_first));
            let returns = returns || raises || self.may_keep_for(unit, &arriving);
            // Variables of functions around have their values there.
            let is_given = |index: u16| match unit.body {
                Body::Function(function) => usize::from(index) < function.parameters.len(),
                Body::Module(_) => false,
            };
            let arrives = unit
                .summary
                .arrivals
                .iter()
                .any(|arrival| arrival.sink_file == 0 && is_given(arrival.parameter));
            if !matches!(unit.body, Body::Function(_)) || !(returns || arrives) {
                continue;
            }
            let class = unit.class.map(|class| self.classes[class].at.class.name.to_string());
            let path = self.files[unit.file as usize].source.path().as_str();
            // `common/pools/redis.py` is imported as `redis` from `pools`.
            let module = path.strip_suffix(".py").unwrap_or(path).rsplit('/');
            let mut related: Vec<String> =
                module.filter(|part| *part != "__init__").take(2).map(str::to_owned).collect();
            related.extend(class.clone());
            // The method may be called where only a base of its class is known.
            if let Some(class) = unit.class {
                let family = self.classes[class].family.iter();
                related.extend(family.map(|class| self.classes[*class].at.class.name.to_string()));
            }
            let function = class.filter(|_| unit.name == "__init__").unwrap_or_else(|| unit.name.clone());
            let file = self.files[unit.file as usize].source;
            let arrives = match unit.body {
                Body::Function(definition) if arrives => Some((file.path().clone(), definition.range())),
                Body::Function(_) | Body::Module(_) => None,
            };
            let open = Open { function, related, arrives, stored: false };
            functions
                .insert((open.function.clone(), open.related.clone(), unit.file, unit.name.clone()), open);
        }
        // Other files may read a variable of the first.
        let mut open: Vec<Open> = functions.into_values().collect();
        if let (true, Some(first)) = (self.specification.options.deep, self.files.first()) {
            let path = first.source.path().as_str();
            let module = path.strip_suffix(".py").unwrap_or(path).rsplit('/');
            let related: Vec<String> =
                module.filter(|part| *part != "__init__").take(2).map(str::to_owned).collect();
            for (root, value) in first.globals.variables() {
                let Root::Global(name) = root else { continue };
                let is_of_first = |taint: &Taint| matches!(taint.origin, Origin::Source { file: 0, .. });
                if first.variables.contains(name) && value.reachable().iter().any(is_of_first) {
                    open.push(Open {
                        function: name.to_string(),
                        related: related.clone(),
                        arrives: None,
                        stored: false,
                    });
                }
            }
        }
        if self.specification.options.deep {
            open.extend(self.open_variables());
        }
        open
    }

    /// Methods that Python calls where no call is written (`with`, `for`, operators): what they give
    /// is a value from a source, or what they are given arrives, and nobody follows where.
    pub(super) fn called_by_python(&self) -> Option<String> {
        self.units.iter().find_map(|unit| {
            let followed = ["__init__", "__call__", "__new__", "__post_init__"];
            let name = unit.name.strip_prefix("__").and_then(|name| name.strip_suffix("__"));
            if !self.specification.options.deep
                || name.is_none()
                || followed.contains(&unit.name.as_str())
                || !matches!(unit.body, Body::Function(_))
            {
                return None;
            }
            let class = self.classes[unit.class?].at.class.name.to_string();
            let is_source = |taint: &Taint| matches!(taint.origin, Origin::Source { .. });
            let returned = &unit.summary.returned;
            // An attribute of the object that is returned is known by other ways.
            let elements = returned
                .parts
                .iter()
                .filter(|(path, _)| matches!(path[0], Element::Key(_) | Element::Place | Element::Anything))
                .map(|(_, taints)| taints);
            let gives =
                [&returned.own].into_iter().chain(elements).any(|taints| taints.iter().any(is_source));
            let takes = unit.summary.arrivals.iter().any(|arrival| arrival.parameter > 0);
            ((gives || takes) && !self.is_followed(unit))
                .then(|| format!("where Python calls `{class}.{}` is not followed", unit.name))
        })
    }

    /// Whether all places are known where Python runs this method.
    fn is_followed(&self, unit: &Unit<'f>) -> bool {
        let followed = super::super::protocols::FOLLOWED.into_iter().find(|method| *method == unit.name);
        let (Some(method), Body::Function(function)) = (followed, unit.body) else { return false };
        let is_given = |(caller, call): &(UnitId, &'f ast::ExprCall)| {
            call.arguments.iter_source_order().any(|argument| {
                let site = self.object_site(*caller, argument.value());
                let special = self.world.special(site, method);
                special.callees.iter().any(|callee| std::ptr::eq(callee.function, function))
            })
        };
        !self.unknown_objects.contains(method) && !self.library_calls.values().any(is_given)
    }

    /// A call of code that is not followed.
    pub(in crate::python::taint) fn note_library_call(&mut self, unit: UnitId, call: &'f ast::ExprCall) {
        if !call.arguments.is_empty() {
            self.library_calls.insert(std::ptr::from_ref(call), (unit, call));
        }
    }
}
