//! Who may do what (P08).

use std::ffi::CString;
use std::fmt;

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

/// What somebody may do. Each implies those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rights {
    /// Look: the group `pump-observe`.
    Observe,
    /// Start, stop and answer alarms: the group `pump-operate`.
    Operate,
    /// Arm: the group `pump-prescribe`.
    Prescribe,
}

impl Rights {
    /// All, the highest first.
    const ALL: [Self; 3] = [Self::Prescribe, Self::Operate, Self::Observe];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Operate => "operate",
            Self::Prescribe => "prescribe",
        }
    }

    /// The Unix group whose members have it.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Observe => "pump-observe",
            Self::Operate => "pump-operate",
            Self::Prescribe => "pump-prescribe",
        }
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Somebody who is connected, as the kernel knows them from when they connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The user.
    pub uid: u32,
    /// The user's group.
    pub gid: u32,
    /// The process.
    pub pid: u32,
    /// The user's name, or the number where there is none. For records.
    pub user: String,
    /// What they may do.
    pub rights: Rights,
}

/// Says what a user may do.
pub trait Authority: Send {
    /// The highest right of a user; `None`: none at all.
    fn rights(&self, uid: u32, gid: u32) -> Option<Rights>;

    /// The user's name, where there is one.
    fn user(&self, uid: u32) -> Option<String>;
}

/// The rights by Unix groups. Root and the daemon's own user may do everything. They are
/// read whenever somebody connects, so nobody has to restart the daemon for a new member.
#[derive(Clone, Copy, Debug)]
pub struct UnixGroups {
    own: u32,
}

impl UnixGroups {
    /// For a daemon that runs as the present user.
    pub fn new() -> Self {
        Self {
            own: Uid::effective().as_raw(),
        }
    }
}

impl Default for UnixGroups {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority for UnixGroups {
    fn rights(&self, uid: u32, gid: u32) -> Option<Rights> {
        let groups = || {
            let mut groups = vec![gid];
            // A user without an entry has no further groups.
            if let Ok(Some(user)) = User::from_uid(Uid::from_raw(uid))
                && let Ok(name) = CString::new(user.name)
                && let Ok(further) = getgrouplist(&name, Gid::from_raw(gid))
            {
                groups.extend(further.into_iter().map(Gid::as_raw));
            }
            groups
        };
        let named = |rights: Rights| {
            let group = Group::from_name(rights.group()).ok().flatten();
            group.map(|group| group.gid.as_raw())
        };
        decide(uid, self.own, groups, named)
    }

    fn user(&self, uid: u32) -> Option<String> {
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        user.map(|user| user.name)
    }
}

/// The rights of a user. A right whose group does not exist is nobody's but root's.
fn decide(
    uid: u32,
    own: u32,
    groups: impl FnOnce() -> Vec<u32>,
    named: impl Fn(Rights) -> Option<u32>,
) -> Option<Rights> {
    if uid == 0 || uid == own {
        return Some(Rights::Prescribe);
    }
    let groups = groups();
    let member = |rights: &Rights| named(*rights).is_some_and(|gid| groups.contains(&gid));
    Rights::ALL.into_iter().find(member)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBSERVE: u32 = 501;
    const OPERATE: u32 = 502;
    const PRESCRIBE: u32 = 503;

    fn all_groups(rights: Rights) -> Option<u32> {
        Some(match rights {
            Rights::Observe => OBSERVE,
            Rights::Operate => OPERATE,
            Rights::Prescribe => PRESCRIBE,
        })
    }

    #[test]
    fn a_member_of_several_groups_has_the_highest_right() {
        let rights = |groups: &[u32]| decide(1000, 900, || groups.to_vec(), all_groups);
        assert_eq!(rights(&[1000]), None);
        assert_eq!(rights(&[1000, OBSERVE]), Some(Rights::Observe));
        assert_eq!(rights(&[OPERATE, OBSERVE]), Some(Rights::Operate));
        assert_eq!(rights(&[OBSERVE, PRESCRIBE]), Some(Rights::Prescribe));
    }

    #[test]
    fn without_the_groups_only_root_and_the_daemons_own_user_have_rights() {
        let rights = |uid: u32| decide(uid, 900, || vec![uid, 0], |_| None);
        assert_eq!(rights(0), Some(Rights::Prescribe));
        assert_eq!(rights(900), Some(Rights::Prescribe));
        assert_eq!(rights(1000), None);
    }

    #[test]
    fn roots_rights_and_name_come_from_this_machine() {
        let groups = UnixGroups::new();
        assert_eq!(groups.rights(0, 0), Some(Rights::Prescribe));
        assert_eq!(groups.user(0).as_deref(), Some("root"));
        assert_eq!(groups.user(u32::MAX - 7), None);
    }
}
