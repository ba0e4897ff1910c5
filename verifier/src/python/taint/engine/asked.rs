//! What the surroundings are asked about code, once for each place.

use super::*;

impl<'f> Engine<'_, 'f> {
    /// What a call can call; asked once.
    pub(in crate::python::taint) fn callees(
        &mut self,
        unit: UnitId,
        call: &'f ast::ExprCall,
    ) -> Rc<[Callee<'f>]> {
        let key = std::ptr::from_ref(call);
        if let Some(known) = self.callees.get(&key) {
            return known.clone();
        }
        let callees: Rc<[Callee<'f>]> = self.world.callees(self.site(unit, call)).into();
        self.callees.insert(key, callees.clone());
        // What its bases call on the object may be its own methods.
        for class in self.world.made(self.site(unit, call)) {
            self.class(class);
        }
        callees
    }

    fn site(&self, unit: UnitId, call: &'f ast::ExprCall) -> CallSite<'f> {
        let Unit { file, class, body, .. } = &self.units[unit];
        CallSite {
            file: self.files[*file as usize].source,
            class: class.map(|class| self.classes[class].at.class),
            function: match body {
                Body::Module(_) => None,
                Body::Function(function) => Some(function),
            },
            call,
        }
    }

    /// What a call may run of which nothing is known for certain; asked once.
    pub(in crate::python::taint) fn beyond(
        &mut self,
        unit: UnitId,
        call: &'f ast::ExprCall,
    ) -> Rc<Beyond<'f>> {
        let key = std::ptr::from_ref(call);
        if let Some(known) = self.beyond.get(&key) {
            return known.clone();
        }
        let beyond = Rc::new(self.world.beyond(self.site(unit, call)));
        self.beyond.insert(key, beyond.clone());
        beyond
    }

    /// What is given away as a function; asked once.
    pub(in crate::python::taint) fn given(
        &mut self,
        unit: UnitId,
        call: &'f ast::ExprCall,
        function: &'f ast::Expr,
    ) -> Rc<Given<'f>> {
        let key = std::ptr::from_ref(function);
        if let Some(known) = self.given.get(&key) {
            return known.clone();
        }
        let given = Rc::new(self.world.function(self.site(unit, call), function));
        self.given.insert(key, given.clone());
        given
    }

    /// The full name of the function of a library that a call runs, if it is one for certain.
    pub(in crate::python::taint) fn library_function(
        &self,
        unit: UnitId,
        call: &'f ast::ExprCall,
    ) -> Option<String> {
        self.world.library_function(self.site(unit, call))
    }

    /// Whether some class that was met has a property of this name.
    pub(in crate::python::taint) fn may_be_property(&self, name: &Name) -> bool {
        self.properties.contains(name)
    }

    /// The functions behind an attribute that is a property.
    pub(in crate::python::taint) fn getters(
        &mut self,
        unit: UnitId,
        attribute: &'f ast::ExprAttribute,
    ) -> Vec<Callee<'f>> {
        if !self.properties.contains(&attribute.attr.id) {
            return Vec::new();
        }
        self.world.getters(self.attribute_site(unit, attribute))
    }

    /// The functions that run when an attribute that is a property is stored to.
    pub(in crate::python::taint) fn setters(
        &mut self,
        unit: UnitId,
        attribute: &'f ast::ExprAttribute,
    ) -> Vec<Callee<'f>> {
        if !self.properties.contains(&attribute.attr.id) {
            return Vec::new();
        }
        self.world.setters(self.attribute_site(unit, attribute))
    }

    pub(super) fn attribute_site(
        &self,
        unit: UnitId,
        attribute: &'f ast::ExprAttribute,
    ) -> crate::python::taint::AttributeSite<'f> {
        let Unit { file, body, .. } = &self.units[unit];
        crate::python::taint::AttributeSite {
            file: self.files[*file as usize].source,
            function: match body {
                Body::Module(_) => None,
                Body::Function(function) => Some(function),
            },
            attribute,
        }
    }

    /// The names of the attributes that a call stores its arguments in, in order; asked once.
    pub(in crate::python::taint) fn fields(
        &mut self,
        unit: UnitId,
        call: &'f ast::ExprCall,
    ) -> Option<Rc<[Name]>> {
        let key = std::ptr::from_ref(call);
        if let Some(known) = self.fields.get(&key) {
            return known.clone();
        }
        let fields: Option<Rc<[Name]>> = self.world.fields(self.site(unit, call)).map(Into::into);
        self.fields.insert(key, fields.clone());
        fields
    }

    /// The methods that Python may run on an object; asked once.
    pub(in crate::python::taint) fn special(
        &mut self,
        unit: UnitId,
        object: &'f ast::Expr,
        method: &'static str,
    ) -> Rc<Special<'f>> {
        let key = (std::ptr::from_ref(object), method);
        if let Some(known) = self.specials.get(&key) {
            return known.clone();
        }
        let special = Rc::new(self.world.special(self.object_site(unit, object), method));
        if special.is_unknown {
            self.unknown_objects.insert(method);
        }
        self.specials.insert(key, special.clone());
        special
    }

    /// The methods of this name of what a function returns; asked once.
    pub(in crate::python::taint) fn methods_of_result(
        &mut self,
        function: &Callee<'f>,
        method: &'static str,
    ) -> Rc<[Callee<'f>]> {
        let key = (std::ptr::from_ref(function.function), method);
        if let Some(known) = self.results.get(&key) {
            return known.clone();
        }
        let found: Rc<[Callee<'f>]> = self.world.methods_of_result(function, method).into();
        self.results.insert(key, found.clone());
        found
    }

    pub(in crate::python::taint) fn is_buffer(&self, unit: UnitId, object: &'f ast::Expr) -> bool {
        self.world.is_buffer(self.object_site(unit, object))
    }

    pub(super) fn object_site(&self, unit: UnitId, object: &'f ast::Expr) -> ObjectSite<'f> {
        let Unit { file, body, .. } = &self.units[unit];
        ObjectSite {
            file: self.files[*file as usize].source,
            function: match body {
                Body::Module(_) => None,
                Body::Function(function) => Some(function),
            },
            object,
        }
    }
}
