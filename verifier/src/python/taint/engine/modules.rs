//! Variables of modules, and attributes of classes themselves: who reads them, who stores there.

use super::*;
use crate::python::taint::writers;

impl<'f> Engine<'_, 'f> {
    /// The file that `from module import …` reads from.
    pub(in crate::python::taint) fn imported(
        &self,
        file: u32,
        from: &'f ast::StmtImportFrom,
    ) -> Option<&'f ParsedFile> {
        self.world.imported(self.files[file as usize].source, from)
    }

    /// The module of the project that an attribute belongs to; asked once, and only where the
    /// attribute's object is named by an import.
    pub(in crate::python::taint) fn module_of(
        &mut self,
        unit: UnitId,
        attribute: &'f ast::ExprAttribute,
    ) -> Option<&'f ParsedFile> {
        if !self.is_of_import(unit, attribute) {
            return None;
        }
        let key = std::ptr::from_ref(attribute);
        if let Some(known) = self.modules.get(&key) {
            return *known;
        }
        let module = self.world.module_of(self.attribute_site(unit, attribute));
        self.modules.insert(key, module);
        module
    }

    /// Whether an attribute's object begins with a name that the file imports.
    fn is_of_import(&self, unit: UnitId, attribute: &ast::ExprAttribute) -> bool {
        let mut object = &*attribute.value;
        while let ast::Expr::Attribute(outer) = object {
            object = &outer.value;
        }
        let imports = &self.files[self.units[unit].file as usize].imports;
        matches!(object, ast::Expr::Name(name) if imports.contains(&name.id))
    }

    /// The variables that are known of a module.
    pub(in crate::python::taint) fn module_variables(
        &mut self,
        reader: UnitId,
        module: &'f ParsedFile,
    ) -> Vec<(Name, Value)> {
        let file = self.file(module, false) as usize;
        let mut names: Vec<Name> = self.files[file].variables.iter().cloned().collect();
        names.sort();
        let values = names.into_iter().map(|name| {
            let value = self.module_variable(reader, module, &name);
            (name, value)
        });
        values.filter(|(_, value)| !value.is_clean()).collect()
    }

    /// A variable of another module, as far as it is known by now.
    pub(in crate::python::taint) fn module_variable(
        &mut self,
        reader: UnitId,
        module: &'f ParsedFile,
        name: &Name,
    ) -> Value {
        let number = self.file(module, false);
        let file = number as usize;
        if !module.source().errors().is_empty() {
            self.broken_modules.insert(number);
        }
        if !self.files[file].variables.contains(name) {
            return Value::default();
        }
        if self.files[file].read.insert(name.clone()) {
            self.run_writers(number, name);
        }
        let body = self.files[file].module;
        self.files[file].readers.insert(reader);
        if body != reader {
            let rank = self.units[reader].rank + 1;
            if self.units[body].rank < rank && rank <= MOST_RANKS && self.units[body].visits == 0 {
                self.queue.remove(&(self.units[body].rank, body));
                self.units[body].rank = rank;
            }
            // Any of its functions may store a value there.
            let is_new = !self.files[file].root && self.files[file].marks.marks.has_sources();
            self.files[file].root |= is_new;
            if self.units[body].visits == 0 || is_new {
                self.enqueue(body);
            }
        }
        self.files[file].globals.variable(&Root::Global(name.clone()))
    }

    /// Whether a name of a module is a variable, and not a function, a class, or imported.
    pub(in crate::python::taint) fn is_variable_of(&mut self, module: &'f ParsedFile, name: &Name) -> bool {
        let file = self.file(module, false) as usize;
        self.files[file].variables.contains(name)
            && (!self.files[file].imports.contains(name) || self.files[file].borrowed.contains_key(name))
    }

    /// Something that is stored in a variable of a module, from wherever.
    pub(in crate::python::taint) fn tell_module(
        &mut self,
        writer: UnitId,
        file: u32,
        name: &Name,
        rest: &[Element],
        taints: &TaintSet,
    ) {
        let path = Path { root: Root::Global(name.clone()), elements: rest.to_vec() };
        let file = file as usize;
        let mut stored = self.files[file].stored.clone();
        stored.taint(&path, taints);
        if !stored.same(&self.files[file].stored) {
            let before = self.files[file].globals.clone();
            self.files[file].globals.join(&stored);
            self.files[file].stored = stored;
            self.again_in(file, writer, &before);
        }
    }

    /// The functions of a module are run that store in one of its variables.
    fn run_writers(&mut self, file: u32, name: &Name) {
        let source = self.files[file as usize].source;
        if self.files[file as usize].root {
            return;
        }
        for statement in &source.source().module().body {
            match statement {
                Stmt::FunctionDef(function) if self.may_store(&function.body, name) => {
                    let unit = self.unit(file, function, None);
                    self.enqueue_first(unit);
                }
                Stmt::ClassDef(class) if self.may_store(&class.body, name) => {
                    let id = self.class(ClassAt { file: source, class });
                    for method in class.body.iter().filter_map(Stmt::as_function_def_stmt) {
                        if self.may_store(&method.body, name) {
                            let unit = self.unit(file, method, Some(id));
                            self.enqueue_first(unit);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether code stores in a variable, as far as its text tells; read once for all names.
    fn may_store(&self, body: &'f [Stmt], name: &Name) -> bool {
        let mut known = self.stored_names.borrow_mut();
        known.entry(body.as_ptr()).or_insert_with(|| writers::stored(body)).contains(name)
    }

    fn enqueue_first(&mut self, unit: UnitId) {
        if self.units[unit].visits == 0 {
            self.enqueue(unit);
        }
    }

    /// The class of another module that an attribute is read from or stored to; asked once.
    pub(in crate::python::taint) fn imported_class(
        &mut self,
        unit: UnitId,
        attribute: &'f ast::ExprAttribute,
    ) -> Option<ClassId> {
        if !self.is_of_import(unit, attribute) {
            return None;
        }
        let key = std::ptr::from_ref(attribute);
        if let Some(known) = self.imported_classes.get(&key) {
            return *known;
        }
        let class = self.world.class_of(self.attribute_site(unit, attribute)).map(|at| self.class(at));
        self.imported_classes.insert(key, class);
        class
    }

    /// What code of other modules has stored in an attribute of a class itself.
    pub(in crate::python::taint) fn attribute_of_class(
        &mut self,
        reader: UnitId,
        class: ClassId,
        name: &Name,
    ) -> Value {
        self.classes[class].readers.insert(reader);
        let at = self.classes[class].at;
        let file = self.file(at.file, false) as usize;
        self.files[file].read.insert(at.class.name.id.clone());
        let element = [Element::Attribute(name.clone())];
        self.classes[class].own.project_path(&element)
    }

    /// Something is stored in an attribute of a class itself, which its objects see as well.
    pub(in crate::python::taint) fn tell_class_itself(
        &mut self,
        class: ClassId,
        path: &[Element],
        taints: &TaintSet,
    ) {
        let mut own = self.classes[class].own.clone();
        own.add(path, taints);
        let is_new = !own.same(&self.classes[class].own);
        self.classes[class].own = own;
        self.tell_class(class, path, &Value::whole(taints.clone()));
        if is_new {
            for reader in self.classes[class].readers.clone() {
                self.enqueue(reader);
            }
        }
    }

    /// The variables of modules that were read, and the functions that store in them what they are
    /// given: code that was not looked at may store there.
    pub(super) fn open_variables(&self) -> Vec<Open> {
        let mut open = Vec::new();
        for (number, file) in (0_u32..).zip(&self.files) {
            let mut names: BTreeSet<&Name> = file.read.iter().collect();
            let reads_here = |unit: &&Unit<'f>| unit.file == number && unit.visits > 0;
            for unit in self.units.iter().filter(reads_here) {
                let Body::Function(function) = unit.body else { continue };
                scope::reads(function, |name| {
                    let is_variable = file.variables.contains(name) && !file.imports.contains(name)
                        || file.classes.contains(name);
                    if is_variable && !unit.locals.contains(name) {
                        names.extend(file.variables.get(name).or_else(|| file.classes.get(name)));
                    }
                    false
                });
            }
            let path = file.source.path().as_str();
            let module = path.strip_suffix(".py").unwrap_or(path).rsplit('/');
            let related: Vec<String> =
                module.filter(|part| *part != "__init__").take(1).map(str::to_owned).collect();
            for name in names {
                let variable = |function: &str, stored| Open {
                    function: function.to_owned(),
                    related: related.clone(),
                    arrives: None,
                    stored,
                };
                open.push(variable(name, true));
                for function in
                    file.source.source().module().body.iter().filter_map(Stmt::as_function_def_stmt)
                {
                    if !function.parameters.is_empty() && self.may_store(&function.body, name) {
                        open.push(variable(&function.name, false));
                    }
                }
            }
        }
        open
    }
}
