//! The nested stacks of an earlier template beside those of the new one, by the logical ids that lead to them. The
//! parameters of a nested stack may have other values than before, so nothing that depends on them stays.

use std::collections::BTreeMap;

use crate::extract::Extraction;

use super::CloudFormationOptions;
use super::nested::Opened;
use super::sides::{Sides, resources};
use super::syntax::View;

/// The stacks that are followed in both, by what stands before the logical ids in them: `Network.`.
pub(super) struct Stacks<'n> {
    both: BTreeMap<&'n str, Stack<'n>>,
    /// The roots of nested templates of one side only.
    single: Vec<View<'n>>,
}

/// A nested stack in both.
pub(super) struct Stack<'n> {
    prefix: &'n str,
    sides: Sides<'n>,
    /// Whether the stack itself, and each around it, is in both.
    stays: bool,
    /// Both as written.
    pub roots: (View<'n>, View<'n>),
}

impl<'n> Stacks<'n> {
    /// Pairs the opened templates of both; the roots come first.
    pub fn of(olds: &'n [Opened<'n>], news: &'n [Opened<'n>], root: &Sides<'n>) -> Stacks<'n> {
        let mut both: BTreeMap<&str, Stack<'n>> = BTreeMap::new();
        for new in news.iter().skip(1) {
            let old = olds.iter().skip(1).find(|old| old.prefix == new.prefix);
            let parent = new.parent.as_ref();
            let parent = parent.and_then(|(at, local)| Some((news.get(*at)?.prefix.as_str(), local)));
            let (Some(old), Some((around, local))) = (old, parent) else {
                continue;
            };
            let stays = match both.get(around) {
                Some(holder) => holder.stays && holder.sides.is_kept(local),
                None => around.is_empty() && root.is_kept(local),
            };
            let roots = (old.root(), new.root());
            let stack = Stack {
                prefix: &new.prefix,
                sides: Sides::of(roots.0, roots.1, &CloudFormationOptions::default()),
                stays,
                roots,
            };
            both.insert(&new.prefix, stack);
        }
        let nested = olds.iter().skip(1).chain(news.iter().skip(1));
        let single = nested.filter(|one| !both.contains_key(one.prefix.as_str()));
        Stacks {
            single: single.map(Opened::root).collect(),
            both,
        }
    }

    /// The innermost stack that a name is in.
    pub fn find(&self, name: &str) -> Option<&Stack<'n>> {
        self.around(name).next()
    }

    /// The innermost stack that a name is in, unless something rewrites the earlier template of it or of one around it,
    /// so that it is not what was deployed.
    pub fn compared(&self, name: &str, old: &Extraction) -> Option<&Stack<'n>> {
        let is_rewritten = self.around(name).any(|stack| stack.is_rewritten(old));
        self.find(name).filter(|_| !is_rewritten)
    }

    /// The stacks around a name, the innermost first.
    fn around<'a, 's>(&'a self, name: &'s str) -> impl Iterator<Item = &'a Stack<'n>> + use<'a, 's, 'n> {
        let prefixes = name
            .rmatch_indices('.')
            .filter_map(move |(at, _)| name.get(..=at));
        prefixes.filter_map(|prefix| self.both.get(prefix))
    }

    /// Whether a text names something that may have another value, in whatever nested stack.
    pub fn may_move(&self, text: &str) -> bool {
        self.both.values().any(|stack| stack.sides.may_move(text))
    }

    /// Whether resources of a type in nested stacks may be others than before.
    pub fn may_change(&self, resource_type: &str) -> bool {
        let of_type = |root: View<'n>| -> Vec<&'n str> {
            let all = resources(root).into_iter();
            let own = all.filter(|(_, view)| view.get("Type").and_then(View::scalar) == Some(resource_type));
            own.map(|(id, _)| id).collect()
        };
        let moves = |stack: &Stack<'n>| {
            let both = [stack.roots.0, stack.roots.1].into_iter().flat_map(of_type);
            both.into_iter()
                .any(|id| !(stack.stays && stack.sides.is_fixed(id)))
        };
        self.both.values().any(moves) || self.single.iter().any(|root| !of_type(*root).is_empty())
    }
}

impl<'n> Stack<'n> {
    /// The logical id of a resource in the template, of a name of it or of something of it.
    pub fn local<'i>(&self, name: &'i str) -> &'i str {
        let local = name.strip_prefix(self.prefix).unwrap_or(name);
        local.split('.').next().unwrap_or_default()
    }

    /// Whether a resource is in both with the same type.
    pub fn is_kept(&self, name: &str) -> bool {
        self.stays && self.sides.is_kept(self.local(name))
    }

    /// Whether no attribute of a resource can have changed.
    pub fn is_fixed(&self, name: &str) -> bool {
        self.stays && self.sides.is_fixed(self.local(name))
    }

    /// Whether the earlier template of the stack is not all that was deployed: something rewrites it.
    fn is_rewritten(&self, old: &Extraction) -> bool {
        let own = resources(self.roots.0);
        old.gaps.iter().any(|gap| {
            let address = gap.origin.address.as_str();
            let id = address.split('/').next().unwrap_or_default();
            match id.strip_prefix(self.prefix) {
                Some(local) => !own.contains_key(local.split('.').next().unwrap_or_default()),
                None => false,
            }
        })
    }
}
