//! Which paths lead to an item that holds the identity of the unit.

use crate::protocol::diag::IDENTITY_ITEMS;

/// Whether a path is that of an NV item which holds the identity of the unit: such a file is read and compared,
/// never written (diag-and-xqcn.md §10). Newer modems keep numbered items as `/nvm/num/<item>` and those of further
/// subscriptions as `/nvm/context<n>/<item>` (unverified, hence wide: anything below `/nvm` counts, whatever its case).
pub fn is_identity_path(path: &str) -> bool {
    let mut parts = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    if !parts
        .next()
        .is_some_and(|part| part.eq_ignore_ascii_case("nvm"))
    {
        return path.split('/').any(|part| part == "..");
    }
    parts.next_back().is_none_or(|last| {
        last == ".."
            || last
                .parse::<u32>()
                .is_ok_and(|item| IDENTITY_ITEMS.iter().any(|id| u32::from(*id) == item))
    })
}

/// Whether a symbolic link could make a later write below it reach a file of an identity item.
pub fn link_may_reach_identity(target: &str, path: &str) -> bool {
    let first = |path: &str| -> Option<String> {
        let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
        parts.next().map(str::to_ascii_lowercase)
    };
    let below_items = |path| first(path).is_none_or(|part| part == "nvm");
    target.split('/').any(|part| part == "..") || below_items(target) || below_items(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_identity_items_are_known_by_any_spelling() {
        for path in [
            "/nvm/num/550",
            "//nvm/./num/550",
            "/nvm/num/0550",
            "/NVM/context1/1943",
            "/nvm",
            "/nvm/num/..",
            "/tmp/../nvm/num/550",
        ] {
            assert!(is_identity_path(path), "{path}");
        }
        for path in [
            "/nvm/num/453",
            "/nv/item_files/rfnv/00020001",
            "/nv/item_files/550",
            "/",
        ] {
            assert!(!is_identity_path(path), "{path}");
        }
    }

    #[test]
    fn links_into_the_items_are_known() {
        for (target, path) in [
            ("/nvm/num", "/tmp"),
            ("/", "/tmp"),
            ("", "/tmp"),
            ("../nvm", "/a/b"),
            ("num", "/nvm/x"),
        ] {
            assert!(link_may_reach_identity(target, path), "{target} {path}");
        }
        assert!(!link_may_reach_identity("/nv/item_files/a", "/nv/b"));
    }
}
