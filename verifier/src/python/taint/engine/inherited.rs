//! What classes have in common: methods that others have in their place, attributes of the class.

use super::*;

impl<'f> Engine<'_, 'f> {
    /// The methods that classes built on this one have in place of those that a method calls on
    /// its own object, or behind it where it calls `super()`.
    pub(in crate::python::taint) fn overriding(
        &mut self,
        unit: UnitId,
        call: &ast::ExprCall,
    ) -> Vec<Callee<'f>> {
        let (Some((class, receiver)), ast::Expr::Attribute(attribute)) = (self.receiver(unit), &*call.func)
        else {
            return Vec::new();
        };
        let behind = scope::is_super(&attribute.value);
        if !behind && !matches!(&*attribute.value, ast::Expr::Name(name) if name.id == receiver) {
            return Vec::new();
        }
        let mut found: Vec<Callee<'f>> = Vec::new();
        let own = self.classes[class].at;
        for descendant in self.classes[class].descendants.clone() {
            let at = self.classes[descendant].at;
            if !behind {
                found.extend(method_of(at, &attribute.attr.id));
                continue;
            }
            // The next one in the order of the descendant's classes.
            let order = self.world.bases(at);
            let place = order.iter().position(|base| std::ptr::eq(base.class, own.class));
            let next = place.and_then(|place| {
                order[place + 1..].iter().find_map(|base| method_of(*base, &attribute.attr.id))
            });
            if let Some(next) = next
                && !found.iter().any(|known| std::ptr::eq(known.function, next.function))
            {
                found.push(next);
            }
        }
        found
    }

    /// The class of a file that a name stands for at its top level.
    pub(in crate::python::taint) fn class_named(&self, file: u32, name: &Name) -> Option<ClassId> {
        let source = self.files[file as usize].source;
        self.classes
            .iter()
            .position(|class| std::ptr::eq(class.at.file, source) && class.at.class.name.id == *name)
    }

    /// What was put into containers that are attributes of a class: its objects share them.
    pub(in crate::python::taint) fn shared_attribute(
        &mut self,
        reader: UnitId,
        class: ClassId,
        name: &Name,
    ) -> Value {
        for class in self.classes[class].family.clone() {
            self.classes[class].readers.insert(reader);
        }
        let mut shared = Value::default();
        for (path, taints) in self.attributes(class).parts.iter() {
            if let [Element::Attribute(first), rest @ ..] = &**path
                && first == name
                && !rest.is_empty()
            {
                shared.add(rest, taints);
            }
        }
        shared
    }
}

fn method_of<'f>(at: ClassAt<'f>, name: &Name) -> Option<Callee<'f>> {
    at.class.body.iter().rev().find_map(|statement| match statement {
        Stmt::FunctionDef(function) if function.name.id == *name => {
            let binding = super::super::Binding::Method;
            Some(Callee { file: at.file, function, class: Some(at), binding, direct: true })
        }
        _ => None,
    })
}
