//! What taint an expression has, and what evaluating it does.

use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_python_ast::name::Name;
use ruff_text_size::{Ranged, TextRange};

use super::environment::{Path, Root};
use super::interpreter::Interpreter;
use super::scope;
use super::value::{Element, Label, Origin, StepKind, Taint, TaintSet, Trace, Value};
use crate::python::rule::SideEffect;

/// Elements of a list that are told apart.
const MOST_PLACES: usize = 64;

impl<'f> Interpreter<'_, '_, 'f> {
    pub(super) fn expression(&mut self, expression: &'f Expr) -> Value {
        self.deeper(|this| this.expression_here(expression))
    }

    fn expression_here(&mut self, expression: &'f Expr) -> Value {
        self.nodes += 1;
        match expression {
            Expr::Name(name) => {
                let path = Path::variable(self.root(&name.id));
                let value = self.environment().read(&path);
                self.marks(name.range, Some(&path), value)
            }
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => self.marks(expression.range(), None, Value::default()),
            Expr::Attribute(attribute) => self.attribute(attribute, expression),
            Expr::Subscript(subscript) => self.subscript(subscript, expression),
            Expr::Call(call) => {
                let value = self.call(call);
                self.marks_after_call(call.range(), value)
            }
            Expr::BinOp(operation) => self.binary(operation),
            other => {
                let value = self.compound(other);
                self.marks(other.range(), None, value)
            }
        }
    }

    /// Expressions that have no place of their own and no peculiarities.
    fn compound(&mut self, expression: &'f Expr) -> Value {
        match expression {
            Expr::BoolOp(operation) => {
                let value = self.alternatives(operation);
                self.operator_value(value)
            }
            Expr::Named(named) => {
                let value = self.expression(&named.value);
                self.store(&named.target, value.clone(), named.range);
                value
            }
            Expr::UnaryOp(operation) => {
                let value = self.expression(&operation.operand);
                let options = self.engine.specification.options;
                match operation.op {
                    ast::UnaryOp::Not if options.deep || options.assume_safe_booleans => Value::default(),
                    ast::UnaryOp::Not | ast::UnaryOp::Invert | ast::UnaryOp::UAdd | ast::UnaryOp::USub => {
                        self.operator_result(value.reachable())
                    }
                }
            }
            Expr::Compare(comparison) => {
                let mut taints = self.expression(&comparison.left).reachable();
                for (index, operand) in comparison.comparators.iter().enumerate() {
                    let value = match index {
                        0 => self.expression(operand),
                        _ => self.maybe(|this| this.expression(operand)),
                    };
                    taints.extend(&value.reachable());
                }
                let options = self.engine.specification.options;
                // Whether two values are alike tells one bit and is no value of theirs.
                if options.deep || options.assume_safe_comparisons || options.assume_safe_booleans {
                    return Value::default();
                }
                self.operator_result(taints)
            }
            Expr::If(conditional) => {
                self.expression(&conditional.test);
                match self.decided(&conditional.test) {
                    Some(true) => return self.expression(&conditional.body),
                    Some(false) => return self.expression(&conditional.orelse),
                    None => {}
                }
                let before = self.state.clone();
                let mut value = self.expression(&conditional.body);
                let after = std::mem::replace(&mut self.state, before);
                value.join(&self.expression(&conditional.orelse));
                if let Some(after) = &after {
                    self.environment().join(after);
                }
                value
            }
            Expr::Lambda(lambda) => self.lambda(lambda, &[]),
            Expr::Dict(dict) => self.dict(dict),
            Expr::Set(set) => self.elements(&set.elts, false),
            Expr::List(list) => self.elements(&list.elts, true),
            Expr::Tuple(tuple) => self.elements(&tuple.elts, true),
            Expr::ListComp(comprehension) => {
                self.comprehension(&comprehension.generators, &[&comprehension.elt])
            }
            Expr::SetComp(comprehension) => {
                self.comprehension(&comprehension.generators, &[&comprehension.elt])
            }
            Expr::Generator(comprehension) => {
                self.comprehension(&comprehension.generators, &[&comprehension.elt])
            }
            Expr::DictComp(comprehension) => {
                let parts: Vec<&Expr> =
                    comprehension.key.iter().chain([&comprehension.value]).map(|part| &**part).collect();
                self.comprehension(&comprehension.generators, &parts)
            }
            Expr::Await(awaited) => self.expression(&awaited.value),
            Expr::Starred(starred) => self.expression(&starred.value),
            Expr::Yield(yielded) => {
                if let Some(value) = &yielded.value {
                    let value = self.expression(value);
                    let value = value.with_first(&self.step(yielded.range, StepKind::GivenBack));
                    self.summary.returned.join(&value.wrapped(&Element::Anything));
                }
                Value::default()
            }
            Expr::YieldFrom(yielded) => {
                let value = self.expression(&yielded.value);
                let value = self.spread(&yielded.value, value);
                self.summary.returned.join(&value);
                Value::default()
            }
            Expr::FString(string) => {
                let mut taints = TaintSet::default();
                for element in string.value.elements() {
                    self.interpolation(element, &mut taints);
                }
                self.operator_result(taints)
            }
            Expr::TString(string) => {
                let mut taints = TaintSet::default();
                for element in string.value.elements() {
                    self.interpolation(element, &mut taints);
                }
                self.operator_result(taints)
            }
            Expr::Slice(slice) => {
                let mut taints = TaintSet::default();
                for part in [&slice.lower, &slice.upper, &slice.step].into_iter().flatten() {
                    taints.extend(&self.expression(part).reachable());
                }
                Value::whole(taints)
            }
            // Those with marks at places of their own are dealt with by the caller.
            Expr::Name(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_)
            | Expr::Attribute(_)
            | Expr::Subscript(_)
            | Expr::Call(_)
            | Expr::BinOp(_) => Value::default(),
        }
    }

    /// `a or b`: one of the operands. Those behind one that decides are never looked at.
    fn alternatives(&mut self, operation: &'f ast::ExprBoolOp) -> Value {
        let mut value = Value::default();
        let last = operation.values.len().saturating_sub(1);
        for (index, operand) in operation.values.iter().enumerate() {
            let part = match index {
                0 => self.expression(operand),
                _ => self.maybe(|this| this.expression(operand)),
            };
            let ends = operation.op == ast::BoolOp::Or;
            match self.decided(operand) {
                Some(decided) if decided == ends => {
                    value.join(&part);
                    break;
                }
                Some(_) if index < last => {}
                Some(_) | None => value.join(&part),
            }
        }
        value
    }

    /// Runs code that is perhaps not run.
    pub(super) fn maybe<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.state.clone();
        let given = run(self);
        if let Some(before) = &before {
            self.environment().join(before);
        }
        given
    }

    fn interpolation(&mut self, element: &'f ast::InterpolatedStringElement, taints: &mut TaintSet) {
        match element {
            ast::InterpolatedStringElement::Literal(literal) => {
                let value = self.marks(literal.range, None, Value::default());
                taints.extend(&value.reachable());
            }
            ast::InterpolatedStringElement::Interpolation(interpolation) => {
                let value = self.expression(&interpolation.expression);
                let is_repr = matches!(interpolation.conversion, ast::ConversionFlag::Repr);
                let text = self.text_of(&interpolation.expression, &value, is_repr);
                taints.extend(&text.unwrap_or(value).reachable());
                if let Some(format) = &interpolation.format_spec {
                    for element in &format.elements {
                        self.deeper(|this| this.interpolation(element, taints));
                    }
                }
            }
        }
    }

    /// `or` and `and` give one of their operands; the parts of it stay known.
    fn operator_value(&self, value: Value) -> Value {
        if self.engine.specification.options.only_propagate_through_assignments {
            Value::default()
        } else {
            value
        }
    }

    fn attribute(&mut self, attribute: &'f ast::ExprAttribute, expression: &'f Expr) -> Value {
        let object = self.expression(&attribute.value);
        let element = Element::Attribute(attribute.attr.id.clone());
        if self.namespace_of(expression).is_some() {
            return self.marks(attribute.range, None, super::keys::namespace(&object));
        }
        let value = if self.engine.specification.options.only_propagate_through_assignments {
            self.path(expression).map(|path| self.known_part(&path)).unwrap_or_default()
        } else {
            object.project(&element)
        };
        let value = match self.engine.specification.options.deep {
            true => {
                let mut value = value;
                if let Some(module) = self.engine.module_of(self.unit, attribute) {
                    value.join(&self.engine.module_variable(self.unit, module, &attribute.attr.id));
                }
                if let Expr::Name(name) = &*attribute.value
                    && let Root::Global(name) = self.root(&name.id)
                    && let Some(class) = self.engine.class_named(self.file, &name)
                {
                    value.join(&self.engine.shared_attribute(self.unit, class, &attribute.attr.id));
                    value.join(&self.engine.attribute_of_class(self.unit, class, &attribute.attr.id));
                }
                if let Some(class) = self.engine.imported_class(self.unit, attribute) {
                    value.join(&self.engine.attribute_of_class(self.unit, class, &attribute.attr.id));
                }
                if self.engine.may_be_property(&attribute.attr.id) {
                    let path = self.object_path(&attribute.value);
                    value = self.property(attribute, &object, path.as_ref()).unwrap_or(value);
                }
                value
            }
            false => value,
        };
        let path = self.marked_path(attribute.range, expression);
        self.marks(attribute.range, path.as_ref(), value)
    }

    fn subscript(&mut self, subscript: &'f ast::ExprSubscript, expression: &'f Expr) -> Value {
        let object = self.expression(&subscript.value);
        let index = self.expression(&subscript.slice);
        let options = self.engine.specification.options;
        let mut value = if options.deep {
            let element = self.element(&subscript.slice);
            if let (Some(_), Element::Key(name)) = (self.namespace_of(&subscript.value), &element) {
                // The expression of the namespace gave the attributes as elements.
                object.project(&Element::Key(name.clone()))
            } else {
                let otherwise = object.project(&element);
                self.element_given(subscript, &object, &index, otherwise)
            }
        } else if options.only_propagate_through_assignments {
            self.path(expression).map(|path| self.known_part(&path)).unwrap_or_default()
        } else {
            object
        };
        if !(options.deep || options.assume_safe_indexes || options.only_propagate_through_assignments) {
            value.own.extend(&index.reachable());
        }
        let path = self.marked_path(subscript.range, expression);
        self.marks(subscript.range, path.as_ref(), value)
    }

    /// The path of an expression, where a mark needs it.
    fn marked_path(&self, range: TextRange, expression: &Expr) -> Option<Path> {
        if self.marks.touches(range) { self.path(expression) } else { None }
    }

    /// What was stored in exactly this place, not what its object hands down.
    fn known_part(&mut self, path: &Path) -> Value {
        let object = self.environment().variable(&path.root);
        let own =
            object.parts.iter().find(|(known, _)| *known == path.elements).map(|(_, taints)| taints.clone());
        Value::whole(own.unwrap_or_default())
    }

    /// `a + b + c + …`, without going down into it: generated code adds thousands of strings.
    fn binary(&mut self, operation: &'f ast::ExprBinOp) -> Value {
        let mut operations = vec![operation];
        let mut left = &*operation.left;
        while let Expr::BinOp(inner) = left {
            operations.push(inner);
            left = &inner.left;
        }
        let mut number = scope::is_number(left);
        let mut value = self.expression(left);
        while let Some(operation) = operations.pop() {
            let right = self.expression(&operation.right);
            number |= scope::is_number(&operation.right) && operation.op != ast::Operator::Mod;
            let taints = value.reachable().union(&right.reachable());
            value = if number && self.engine.specification.options.assume_safe_numbers {
                Value::default()
            } else {
                self.operator_result(taints)
            };
            value = self.marks(operation.range, None, value);
        }
        value
    }

    fn elements(&mut self, elements: &'f [Expr], ordered: bool) -> Value {
        let options = self.engine.specification.options;
        let mut value = Value::default();
        let mut known = ordered && options.deep;
        for (index, element) in elements.iter().enumerate() {
            let part = self.expression(element);
            if options.only_propagate_through_assignments {
                continue;
            }
            if let Expr::Starred(starred) = element {
                known = false;
                if options.deep {
                    let part = self.spread(&starred.value, part);
                    value.join(&self.element_of(&part).wrapped(&Element::Anything));
                    continue;
                }
            }
            // Of very long lists no element is known by its place; clean ones need no mention.
            if options.deep && index >= MOST_PLACES && part.is_clean() {
                continue;
            }
            if options.deep {
                let key = if known { Element::Key(Name::new(index.to_string())) } else { Element::Anything };
                value.join(&part.wrapped(&key));
            } else {
                value.own.extend(&part.reachable());
            }
        }
        value
    }

    fn dict(&mut self, dict: &'f ast::ExprDict) -> Value {
        let options = self.engine.specification.options;
        let mut value = Value::default();
        for item in &dict.items {
            let key = item.key.as_ref().map(|key| self.expression(key));
            let part = self.expression(&item.value);
            if options.only_propagate_through_assignments {
                continue;
            }
            match (&item.key, options.deep) {
                (Some(key), true) => value.put(&self.element(key), &part),
                // `**other`
                (None, true) => value.join(&part),
                (_, false) => value.own.extend(&part.reachable()),
            }
            if let Some(key) = key {
                value.own.extend(&key.reachable());
            }
        }
        value
    }

    fn comprehension(&mut self, generators: &'f [ast::Comprehension], parts: &[&'f Expr]) -> Value {
        self.maybe(|this| this.rounds_of(generators, parts))
    }

    fn rounds_of(&mut self, generators: &'f [ast::Comprehension], parts: &[&'f Expr]) -> Value {
        let mut bound = Vec::new();
        let mut is_empty = false;
        for generator in generators {
            let iterable = self.expression(&generator.iter);
            let element = self.iterated(&generator.iter, &iterable, generator.is_async);
            for name in names(&generator.target) {
                let root = self.root(name);
                let before = self.environment().variable(&root);
                bound.push((root, before));
            }
            self.store(&generator.target, element, generator.target.range());
            for condition in &generator.ifs {
                self.expression(condition);
                is_empty |= self.decided(condition) == Some(false);
            }
        }
        let mut value = Value::default();
        for part in if is_empty { &[] } else { parts } {
            let part = self.expression(part);
            value.join(&if self.engine.specification.options.deep {
                part.wrapped(&Element::Anything)
            } else {
                Value::whole(part.reachable())
            });
        }
        self.unbind(bound);
        self.operator_value(value)
    }

    fn unbind(&mut self, bound: Vec<(Root, Value)>) {
        for (root, before) in bound.into_iter().rev() {
            self.environment().store(&Path::variable(root), &before);
        }
    }

    /// The body of a lambda is run where it stands, with what propagators bring to its parameters.
    /// The body of a lambda, with what its parameters are given as far as that is known.
    pub(super) fn lambda(&mut self, lambda: &'f ast::ExprLambda, given: &[(Option<Name>, Value)]) -> Value {
        let mut bound = Vec::new();
        let mut defaults: Vec<(Name, Value)> = Vec::new();
        if let Some(parameters) = &lambda.parameters {
            for parameter in parameters.iter_non_variadic_params() {
                if let Some(default) = &parameter.default {
                    let value = self.expression(default);
                    defaults.push((parameter.parameter.name.id.clone(), value));
                }
            }
            for (index, parameter) in parameters.iter().enumerate() {
                let name = parameter.name();
                let root = self.root(&name.id);
                let before = self.environment().variable(&root);
                bound.push((root.clone(), before));
                let path = Path::variable(root);
                self.environment().clean(&path);
                let value = self.parameter_marks(
                    &parameter,
                    &path,
                    value_given(given, index, &name.id)
                        .or_else(|| {
                            defaults.iter().find(|(of, _)| *of == name.id).map(|(_, value)| value.clone())
                        })
                        .unwrap_or_default(),
                );
                self.environment().store(&path, &value);
            }
        }
        let before = self.state.clone();
        let value = self.expression(&lambda.body);
        // Whether and when it is called is not known.
        if let Some(before) = &before {
            self.environment().join(before);
        }
        self.unbind(bound);
        self.operator_value(value)
    }

    /// Gives the parameters what callers, defaults, sources and the class have for them.
    pub(super) fn bind_parameters(
        &mut self,
        parameters: &'f ast::Parameters,
        defaults: &[(Name, Value)],
        attributes: &Value,
    ) {
        let deep = self.engine.specification.options.deep;
        let receiver = self.engine.receiver(self.unit).map(|(_, name)| name);
        for (index, parameter) in parameters.iter().enumerate() {
            let name = &parameter.name().id;
            let mut value = Value::default();
            if let (true, Ok(index)) = (deep, u16::try_from(index))
                && self.engine.is_wanted(self.unit, index)
            {
                let origin = Origin::Parameter { index, path: Vec::new(), whole: false };
                value.own = TaintSet::one(Taint { origin, label: 0, trace: Trace::default() });
            }
            if let Some((_, default)) = defaults.iter().find(|(of, _)| of == name) {
                value.join(default);
            }
            if index == 0 && receiver.as_ref() == Some(name) {
                if value.own.is_empty() && value.parts.is_empty() {
                    value.parts = attributes.parts.clone();
                } else {
                    for (path, taints) in attributes.parts.iter() {
                        let before = value.own_of_path(path);
                        value.add(path, &before.union(taints));
                    }
                }
            }
            let path = Path::variable(self.root(name));
            let value = self.parameter_marks(&parameter, &path, value);
            self.environment().store(&path, &value);
        }
    }

    fn parameter_marks(
        &mut self,
        parameter: &ast::AnyParameterRef<'f>,
        path: &Path,
        mut value: Value,
    ) -> Value {
        let ranges = [parameter.range(), parameter.as_parameter().range, parameter.name().range];
        for (position, range) in ranges.iter().enumerate() {
            if !ranges[..position].contains(range) {
                value = self.marks(*range, Some(path), value);
            }
        }
        value
    }

    /// Applies the marks at a place: sanitizers, sources, propagators, sinks.
    pub(super) fn marks(&mut self, range: TextRange, path: Option<&Path>, value: Value) -> Value {
        self.marks_with(range, path, value, false)
    }

    /// The sinks of a call look at its arguments, and have done so.
    fn marks_after_call(&mut self, range: TextRange, value: Value) -> Value {
        self.marks_with(range, None, value, true)
    }

    fn marks_with(&mut self, range: TextRange, path: Option<&Path>, mut value: Value, call: bool) -> Value {
        // Most code has nothing to do with any of them.
        if !self.marks.touches(range) {
            return value;
        }
        let marks = self.marks.clone();
        let specification = self.engine.specification;
        let mut sanitized = false;
        let mut cleans = false;
        for (mark, equal) in marks.sanitizers.around(range) {
            let kind = &specification.sanitizers[marks.marks.sanitizers[mark].kind];
            sanitized |= (equal || !kind.exact) && kind.by_side_effect != SideEffect::Only;
            cleans |= equal && kind.by_side_effect != SideEffect::No;
        }
        if let (true, Some(path)) = (cleans, path) {
            self.environment().clean(path);
        }
        if sanitized {
            value = Value::default();
        } else {
            let incoming = value.reachable();
            let mut seen = TaintSet::default();
            for (mark, equal) in marks.sources.around(range) {
                if let Some(taints) = self.source(mark, equal, range, path, &incoming) {
                    seen.extend(&taints);
                }
            }
            if !seen.is_empty() {
                value = with_taint(value, &seen);
            }
        }
        for mark in marks.departures(range) {
            self.depart(*mark, &value);
        }
        for mark in marks.arrivals(range) {
            let arrived = self.propagated(*mark, range, path);
            value = with_taint(value, &arrived);
        }
        self.sinks(range, &value, call);
        value
    }

    /// Marks at the place that an assignment stores to.
    pub(super) fn marks_at_target(&mut self, range: TextRange, path: &Path, incoming: &TaintSet) {
        let marks = self.marks.clone();
        let specification = self.engine.specification;
        for (mark, equal) in marks.sanitizers.around(range) {
            if equal
                && specification.sanitizers[marks.marks.sanitizers[mark].kind].by_side_effect
                    != SideEffect::No
            {
                self.environment().clean(path);
            }
        }
        for (mark, equal) in marks.sources.around(range) {
            if equal {
                self.source(mark, equal, range, Some(path), incoming);
            }
        }
        for mark in marks.arrivals(range) {
            self.propagated(*mark, range, Some(path));
        }
    }

    /// The taint that a source gives to the value at `range`; what it does besides is done.
    fn source(
        &mut self,
        mark: usize,
        equal: bool,
        range: TextRange,
        path: Option<&Path>,
        incoming: &TaintSet,
    ) -> Option<TaintSet> {
        let specification = self.engine.specification;
        let place = self.marks.marks.sources[mark];
        let kind = &specification.sources[place.kind];
        if (kind.exact && !equal) || !self.engine.requires_holds(kind.requires.as_ref(), incoming) {
            return None;
        }
        let label = self.engine.label(kind.label.as_deref());
        let trace = Trace::default().then(self.step(place.range, StepKind::Source));
        let mark = u32::try_from(mark).unwrap_or(u32::MAX);
        let taints = TaintSet::one(Taint { origin: Origin::Source { file: self.file, mark }, label, trace });
        if kind.control {
            self.environment().control.extend(&taints);
            return None;
        }
        if let (true, Some(path)) = (equal && range == place.range, path) {
            match kind.by_side_effect {
                SideEffect::No => {}
                SideEffect::Yes | SideEffect::Only => self.environment().taint(path, &taints),
            }
        }
        match kind.by_side_effect {
            SideEffect::No | SideEffect::Yes => Some(taints),
            SideEffect::Only => None,
        }
    }

    /// A propagator sets out with this value.
    fn depart(&mut self, mark: usize, value: &Value) {
        let taints = value.reachable();
        let state = self.environment();
        let known = state.departed.get(&mark);
        if known.map_or(!taints.is_empty(), |known| !known.same(&taints)) {
            std::sync::Arc::make_mut(&mut state.departed).insert(mark, taints);
        }
        // `$FROM.f($TO)`: arguments come before the object that the call is made on.
        let range = self.marks.marks.propagators[mark].to;
        for path in self.waiting.get(&mark).cloned().unwrap_or_default() {
            let taints = self.transformed(mark, range);
            self.environment().taint(&path, &taints);
        }
    }

    /// What a propagator brings to its destination.
    fn propagated(&mut self, mark: usize, range: TextRange, path: Option<&Path>) -> TaintSet {
        let by_side_effect =
            self.engine.specification.propagators[self.marks.marks.propagators[mark].kind].by_side_effect;
        let taints = self.transformed(mark, range);
        if let (true, Some(path)) = (by_side_effect, path) {
            self.environment().taint(path, &taints);
            let waiting = self.waiting.entry(mark).or_default();
            if !waiting.contains(path) {
                waiting.push(path.clone());
            }
        }
        taints
    }

    fn transformed(&mut self, mark: usize, range: TextRange) -> TaintSet {
        let specification = self.engine.specification;
        let kind = &specification.propagators[self.marks.marks.propagators[mark].kind];
        let taints = self.environment().departed.get(&mark).cloned().unwrap_or_default();
        if taints.is_empty() || !self.engine.requires_holds(kind.requires.as_ref(), &taints) {
            return TaintSet::default();
        }
        let replaced: Option<Vec<Label>> = kind
            .replace_labels
            .as_ref()
            .map(|labels| labels.iter().map(|label| self.engine.label(Some(label))).collect());
        let label = kind.label.as_deref().map(|label| self.engine.label(Some(label)));
        let step = self.step(range, StepKind::Propagated);
        taints.then(&step).map(|taint| {
            let replaces = replaced.as_ref().is_none_or(|labels| labels.contains(&taint.label));
            let label = label.filter(|_| replaces).unwrap_or(taint.label);
            Some(Taint { label, ..taint.clone() })
        })
    }

    fn sinks(&mut self, range: TextRange, value: &Value, call: bool) {
        let marks = self.marks.clone();
        for (mark, equal) in marks.sinks.around(range) {
            let kind = &self.engine.specification.sinks[marks.marks.sinks[mark].kind];
            if !kind.exact || equal && (!call || kind.of_value) {
                self.sink(mark, range, value);
            }
        }
    }

    /// Sinks that are calls: what arrives is what is passed.
    pub(super) fn call_sinks(&mut self, range: TextRange, passed: &TaintSet) {
        let marks = self.marks.clone();
        for (mark, equal) in marks.sinks.around(range) {
            if equal && !self.engine.specification.sinks[marks.marks.sinks[mark].kind].of_value {
                self.sink(mark, range, &Value::whole(passed.clone()));
            }
        }
    }

    /// Sinks that are whole statements.
    pub(super) fn statement_sinks(&mut self, range: TextRange, value: &Value) {
        self.sinks(range, value, false);
    }

    /// A function that may be a sink is run with these values; whether it is one.
    pub(super) fn arrives_in(&mut self, function: &'f Expr, passed: &TaintSet) -> bool {
        let range = function.range();
        let marks = self.marks.clone();
        let mut found = false;
        for (mark, _) in marks.sinks.around(range).filter(|(_, equal)| *equal) {
            self.sink(mark, range, &Value::whole(passed.clone()));
            found = true;
        }
        found
    }

    fn sink(&mut self, mark: usize, range: TextRange, value: &Value) {
        let control = self.environment().control.clone();
        let taints = value.reachable().union(&control);
        let kind = &self.engine.specification.sinks[self.marks.marks.sinks[mark].kind];
        if taints.is_empty() || (kind.at_exit && !self.at_exit) {
            return;
        }
        let step = self.step(range, StepKind::Sink);
        let mut summary = std::mem::take(&mut self.summary);
        self.engine.arrive(&taints, self.file, mark, &step, &mut summary);
        self.summary = summary;
    }
}

/// A value that is tainted now, whatever was known of its parts.
fn with_taint(mut value: Value, taints: &TaintSet) -> Value {
    if taints.is_empty() {
        return value;
    }
    value.own.extend(taints);
    if !value.parts.is_empty() {
        let parts = std::sync::Arc::make_mut(&mut value.parts);
        parts.retain(|(_, taints)| !taints.is_empty());
        parts.iter_mut().for_each(|(_, part)| part.extend(taints));
    }
    value
}

fn names(target: &Expr) -> Vec<&Name> {
    let mut names = Vec::new();
    let mut targets = vec![target];
    while let Some(target) = targets.pop() {
        match target {
            Expr::Name(name) => names.push(&name.id),
            Expr::Tuple(tuple) => targets.extend(&tuple.elts),
            Expr::List(list) => targets.extend(&list.elts),
            Expr::Starred(starred) => targets.push(&starred.value),
            _ => {}
        }
    }
    names
}

/// What a parameter of a lambda is given, by its place or its name.
fn value_given(given: &[(Option<Name>, Value)], index: usize, name: &Name) -> Option<Value> {
    let by_name = given.iter().find(|(keyword, _)| keyword.as_ref() == Some(name));
    let by_place = given.iter().filter(|(keyword, _)| keyword.is_none()).nth(index);
    by_name.or(by_place).map(|(_, value)| value.clone())
}
