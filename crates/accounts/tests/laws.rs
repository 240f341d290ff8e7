//! Whatever happens in whatever order: nobody can do more than their account or token may at that moment.

mod dice;

use std::net::IpAddr;
use std::time::Duration;

use accounts::request::Credential;
use accounts::{
    Authority, Hash, Limits, LoginRefused, Name, Permission, Permissions, Refusal, Register, Role,
    Roles, SESSIONS_PER_ACCOUNT, Secret, Sessions, Via,
};
use dice::Dice;
use proptest::prelude::*;

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;

const LIMITS: Limits = Limits {
    idle: Duration::from_secs(3_600),
    absolute: Duration::from_secs(8 * 3_600),
};

/// Names that the tests use.
const NAMES: [&str; 3] = ["ana", "beto", "carla"];

#[derive(Debug, Clone)]
enum Step {
    Add(usize, Roles),
    SetPassword(usize),
    SetRoles(usize, Roles),
    SetDisabled(usize, bool),
    Login(usize, bool),
    Logout(usize),
    Act(usize),
    Look(usize),
    AddToken(usize, Roles, Permissions, i64),
    RevokeToken(usize),
    ShowToken(usize),
    Wait(i64),
    Damage(bool),
    Restart,
}

fn roles() -> impl Strategy<Value = Roles> {
    proptest::sample::subsequence(Role::ALL.to_vec(), 0..=4).prop_map(|r| r.into_iter().collect())
}

fn permissions() -> impl Strategy<Value = Permissions> {
    proptest::sample::subsequence(Permission::ALL.to_vec(), 0..=8)
        .prop_map(|p| p.into_iter().collect())
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..NAMES.len();
    prop_oneof![
        2 => (who.clone(), roles()).prop_map(|(n, r)| Step::Add(n, r)),
        1 => who.clone().prop_map(Step::SetPassword),
        2 => (who.clone(), roles()).prop_map(|(n, r)| Step::SetRoles(n, r)),
        2 => (who.clone(), any::<bool>()).prop_map(|(n, d)| Step::SetDisabled(n, d)),
        6 => (who.clone(), prop::bool::weighted(0.8)).prop_map(|(n, ok)| Step::Login(n, ok)),
        1 => (0..20_usize).prop_map(Step::Logout),
        6 => (0..20_usize).prop_map(Step::Act),
        3 => (0..20_usize).prop_map(Step::Look),
        2 => (who.clone(), roles(), permissions(), 0..10_000_i64).prop_map(|(n, r, s, m)| Step::AddToken(n, r, s, m)),
        1 => who.prop_map(Step::RevokeToken),
        3 => (0..20_usize).prop_map(Step::ShowToken),
        3 => (0..90 * MINUTE_US).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Damage),
        1 => Just(Step::Restart),
    ]
}

/// What a session should be, kept by the simplest means.
struct Seen {
    secret: Secret,
    who: usize,
    /// How often that account's sessions had been ended when it was opened.
    epoch: u32,
    opened_us: i64,
    acted_us: i64,
    closed: bool,
}

struct Shown {
    secret: Secret,
    who: usize,
    permissions: Permissions,
    expires_us: i64,
    revoked: bool,
}

struct World {
    register: Register,
    authority: Authority,
    dice: Dice,
    now_us: i64,
    damaged: bool,
    epochs: [u32; 3],
    sessions: Vec<Seen>,
    tokens: Vec<Shown>,
}

fn name(who: usize) -> Name {
    Name::parse(NAMES[who]).expect("a name")
}

fn token_name(who: usize) -> Name {
    Name::parse(&format!("{}-token", NAMES[who])).expect("a name")
}

/// No test here verifies a password: that is slow, and `finish` is told the result.
fn hash() -> Hash {
    let phc =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    Hash::try_from(phc.to_owned()).expect("a hash")
}

impl World {
    fn new() -> Self {
        let mut dice = Dice::default();
        let mut authority = Authority::new(Sessions::new(LIMITS), &mut dice).expect("random");
        authority.load(Some(Register::default()));
        Self {
            register: Register::default(),
            authority,
            dice,
            now_us: 1_790_000_000 * SECOND_US,
            damaged: false,
            epochs: [0; 3],
            sessions: Vec::new(),
            tokens: Vec::new(),
        }
    }

    /// The file has changed.
    fn reload(&mut self) {
        if !self.damaged {
            let bytes = self.register.write();
            let read = Register::parse(&bytes).expect("what we wrote");
            assert_eq!(read, self.register);
            self.authority.load(Some(read));
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Add(who, roles) => {
                let taken = self.register.account(&name(who)).is_some();
                let added =
                    self.register
                        .add(name(who), roles, hash(), &mut self.dice, self.now_us);
                assert_eq!(added.is_ok(), !taken && !roles.is_empty());
                self.reload();
            }
            Step::SetPassword(who) => {
                let set =
                    self.register
                        .set_password(&name(who), hash(), &mut self.dice, self.now_us);
                if set.is_ok() {
                    self.epochs[who] += 1;
                }
                self.reload();
            }
            Step::SetRoles(who, roles) => {
                let _ = self.register.set_roles(&name(who), roles);
                self.reload();
            }
            Step::SetDisabled(who, disabled) => {
                let set = self
                    .register
                    .set_disabled(&name(who), disabled, &mut self.dice);
                if set.is_ok() {
                    self.epochs[who] += 1;
                }
                self.reload();
            }
            Step::Login(who, right) => self.login(who, right),
            Step::Logout(i) => {
                if let Some(seen) = self.sessions.get_mut(i) {
                    self.authority.logout(&seen.secret);
                    seen.closed = true;
                }
            }
            Step::Act(i) => self.show_session(i, true),
            Step::Look(i) => self.show_session(i, false),
            Step::AddToken(who, roles, scope, minutes) => {
                let expires_us = self.now_us + minutes * MINUTE_US;
                let added = self.register.add_token(
                    token_name(who),
                    roles,
                    Some(scope),
                    expires_us,
                    &mut self.dice,
                    self.now_us,
                );
                if let Ok(secret) = added {
                    let permissions = roles.permissions().intersection(scope);
                    assert_eq!(
                        permissions, scope,
                        "a scope never promises what it does not give"
                    );
                    self.tokens.push(Shown {
                        secret,
                        who,
                        permissions,
                        expires_us,
                        revoked: false,
                    });
                }
                self.reload();
            }
            Step::RevokeToken(who) => {
                let _ = self.register.revoke_token(&token_name(who));
                for shown in self.tokens.iter_mut().filter(|t| t.who == who) {
                    shown.revoked = true;
                }
                self.reload();
            }
            Step::ShowToken(i) => self.show_token(i),
            Step::Wait(us) => self.now_us += us,
            Step::Damage(damaged) => {
                self.damaged = damaged;
                if damaged {
                    self.authority.load(None);
                }
                self.reload();
            }
            Step::Restart => {
                let bytes = self.authority.sessions().write();
                let sessions = Sessions::parse(&bytes, LIMITS).expect("what we wrote");
                self.authority = Authority::new(sessions, &mut self.dice).expect("random");
                // Until the accounts have been read, nobody is anybody.
                for i in 0..self.sessions.len() {
                    let shown = Credential::Session(self.sessions[i].secret.clone());
                    let identity = self.authority.identify(&shown, false, self.now_us);
                    assert_eq!(identity, Err(Refusal::Unavailable));
                }
                self.authority.load(None);
                self.reload();
            }
        }
    }

    fn login(&mut self, who: usize, right: bool) {
        let address: IpAddr = "192.0.2.1".parse().expect("an address");
        let begun = self.authority.begin(NAMES[who], address, None, self.now_us);
        let attempt = match begun {
            Ok(attempt) => attempt,
            Err(LoginRefused::Unavailable) => return assert!(self.damaged),
            Err(LoginRefused::Early(_)) => return,
            Err(other) => panic!("{other}"),
        };
        let finished = self
            .authority
            .finish(attempt, right, &mut self.dice, self.now_us);
        let account = self.register.account(&name(who));
        let may = right && account.is_some_and(|a| !a.disabled);
        assert_eq!(finished.is_ok(), may, "{finished:?}");
        if let Ok(opened) = finished {
            assert_eq!(opened.name, name(who));
            self.sessions.push(Seen {
                secret: opened.session,
                who,
                epoch: self.epochs[who],
                opened_us: self.now_us,
                acted_us: self.now_us,
                closed: false,
            });
        }
    }

    fn show_session(&mut self, i: usize, act: bool) {
        let Some(seen) = self.sessions.get(i) else {
            return;
        };
        let newer = self.sessions[i + 1..].iter().filter(|s| s.who == seen.who);
        let may_have_made_room = newer.count() >= SESSIONS_PER_ACCOUNT;
        let account = self
            .register
            .account(&name(seen.who))
            .expect("never deleted");
        let hour_us = 3_600 * SECOND_US;
        let idle_us = self.now_us - seen.acted_us;
        let stands = !seen.closed
            && !self.damaged
            && !account.disabled
            && seen.epoch == self.epochs[seen.who]
            && self.now_us - seen.opened_us < 8 * hour_us;
        let shown = Credential::Session(seen.secret.clone());
        match self.authority.identify(&shown, act, self.now_us) {
            Ok(identity) => {
                assert!(stands && idle_us < hour_us, "let in: {identity:?}");
                assert_eq!(identity.name, account.name);
                assert_eq!(identity.permissions, account.roles.permissions());
                assert_eq!(
                    identity.via,
                    Via::Session {
                        opened_us: seen.opened_us,
                        expires_us: seen.opened_us + 8 * hour_us
                    }
                );
                if act {
                    self.sessions[i].acted_us = self.now_us;
                }
            }
            Err(why) => {
                // The last act is known to the minute.
                assert!(
                    !stands || idle_us >= hour_us - MINUTE_US || may_have_made_room,
                    "kept out: {why}"
                );
                if why == Refusal::Ended {
                    self.sessions[i].closed = true;
                }
            }
        }
    }

    fn show_token(&mut self, i: usize) {
        let Some(token) = self.tokens.get(i) else {
            return;
        };
        let stands = !self.damaged && !token.revoked && self.now_us < token.expires_us;
        let shown = Credential::Token(token.secret.clone());
        let identity = self.authority.identify(&shown, true, self.now_us);
        assert_eq!(identity.is_ok(), stands, "{identity:?}");
        if let Ok(identity) = identity {
            assert_eq!(identity.permissions, token.permissions);
            assert_eq!(
                identity.actor(),
                format!("token:{}-token", NAMES[token.who])
            );
            for forbidden in [
                Permission::Approve,
                Permission::Retract,
                Permission::Administer,
            ] {
                assert!(identity.must(forbidden).is_err());
            }
        }
        // A token shown as a session, or a session as a token, is nothing.
        let crossed = Credential::Session(token.secret.clone());
        assert!(
            self.authority
                .identify(&crossed, true, self.now_us)
                .is_err()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nobody_can_do_more_than_their_account_may(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        for i in 0..world.sessions.len() {
            world.show_session(i, false);
        }
        for i in 0..world.tokens.len() {
            world.show_token(i);
        }
    }

    #[test]
    fn any_bytes_are_accounts_or_a_reason(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(register) = Register::parse(&bytes) {
            prop_assert_eq!(Register::parse(&register.write()), Ok(register));
        }
        let _ = Sessions::parse(&bytes, LIMITS);
    }
}

/// The account of a name, with a way in.
fn with_ana(roles: &[Role]) -> World {
    let mut world = World::new();
    world.take(&Step::Add(0, roles.iter().copied().collect()));
    world
}

#[test]
fn one_session_more_than_there_is_room_for_ends_the_one_longest_unused() {
    let mut world = with_ana(&[Role::Approver]);
    for _ in 0..SESSIONS_PER_ACCOUNT {
        world.login(0, true);
        world.now_us += MINUTE_US;
    }
    // The first is used again, so the second is now the one to go.
    world.show_session(0, true);
    world.now_us += MINUTE_US;
    world.login(0, true);
    let now_us = world.now_us;
    let mut is_in = |i: usize| {
        let shown = Credential::Session(world.sessions[i].secret.clone());
        world.authority.identify(&shown, false, now_us).is_ok()
    };
    assert!(is_in(0) && !is_in(1) && is_in(2) && is_in(SESSIONS_PER_ACCOUNT));
}

#[test]
fn a_password_that_changes_while_the_old_one_is_verified_lets_nobody_in() {
    let mut world = with_ana(&[Role::Approver]);
    let address: IpAddr = "192.0.2.1".parse().expect("an address");
    let attempt = world
        .authority
        .begin("ana", address, None, world.now_us)
        .expect("begun");
    world.take(&Step::SetPassword(0));
    let finished = world
        .authority
        .finish(attempt, true, &mut world.dice, world.now_us);
    assert!(matches!(finished, Err(LoginRefused::Wrong { .. })));
}

#[test]
fn a_device_is_known_for_its_account_until_the_password_changes() {
    let mut world = with_ana(&[Role::Approver]);
    world.take(&Step::Add(1, [Role::Approver].into_iter().collect()));
    let address: IpAddr = "192.0.2.1".parse().expect("an address");
    let now_us = world.now_us;
    let attempt = world
        .authority
        .begin("ana", address, None, now_us)
        .expect("begun");
    assert!(!attempt.is_from_known_device());
    let opened = world
        .authority
        .finish(attempt, true, &mut world.dice, now_us)
        .expect("in");
    let device = opened.device.expect("a new device");
    let known = |world: &mut World, who: &str| {
        let attempt = world
            .authority
            .begin(who, address, Some(&device), now_us)
            .expect("begun");
        let known = attempt.is_from_known_device();
        world.authority.abandon(attempt);
        known
    };
    assert!(known(&mut world, "Ana "));
    assert!(!known(&mut world, "beto"));
    assert!(!known(&mut world, "nobody"));
    world.take(&Step::Restart);
    assert!(known(&mut world, "ana"));
    world.take(&Step::SetPassword(0));
    assert!(!known(&mut world, "ana"));
    // And it opens nothing by itself.
    let shown = Credential::Session(device);
    assert_eq!(
        world.authority.identify(&shown, true, now_us),
        Err(Refusal::Ended)
    );
}

#[test]
fn an_old_hash_is_renewed_unless_the_password_has_changed_meanwhile() {
    let mut world = World::new();
    let old =
        "$argon2id$v=19$m=8192,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let old = Hash::try_from(old.to_owned()).expect("a hash");
    let roles = [Role::Viewer].into_iter().collect();
    let now_us = world.now_us;
    world
        .register
        .add(name(0), roles, old.clone(), &mut world.dice, now_us)
        .expect("added");
    world.reload();
    let address: IpAddr = "192.0.2.1".parse().expect("an address");
    let attempt = world
        .authority
        .begin("ana", address, None, now_us)
        .expect("begun");
    let opened = world
        .authority
        .finish(attempt, true, &mut world.dice, now_us)
        .expect("in");
    assert_eq!(opened.outdated.as_ref(), Some(&old));
    assert!(world.register.renew_hash(&name(0), &old, hash()));
    assert!(!world.register.renew_hash(&name(0), &old, hash()));
    world.reload();
    let shown = Credential::Session(opened.session);
    assert!(world.authority.identify(&shown, true, now_us).is_ok());
}

#[test]
fn a_token_cannot_approve_and_names_are_never_given_twice() {
    let mut world = with_ana(&[Role::Approver]);
    let expires_us = world.now_us + MINUTE_US;
    let mut add = |n: &str, role: Role| {
        let n = Name::parse(n).expect("a name");
        let roles = [role].into_iter().collect();
        world
            .register
            .add_token(n, roles, None, expires_us, &mut world.dice, world.now_us)
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    assert!(add("rig", Role::Approver).is_err_and(|e| e.contains("cannot be approver")));
    assert!(add("rig", Role::Administrator).is_err());
    assert!(add("ana", Role::Viewer).is_err_and(|e| e.contains("already")));
    assert_eq!(add("rig", Role::Operator), Ok(()));
    // Nor by the file itself.
    let text = String::from_utf8(world.register.write()).expect("text");
    let forged = text.replace("\"operator\"", "\"approver\"");
    assert_ne!(text, forged);
    assert!(Register::parse(forged.as_bytes()).is_err());
}

#[test]
fn a_session_ends_without_acts_and_at_the_end_of_the_shift_with_them() {
    let mut world = with_ana(&[Role::Approver]);
    world.login(0, true);
    world.login(0, true);
    world.login(0, true);
    let begun_us = world.now_us;
    let shown = |i: usize| Credential::Session(world.sessions[i].secret.clone());
    let (acts, looks, none) = (shown(0), shown(1), shown(2));
    let mut is_in = |credential: &Credential, act: bool, minutes: i64| {
        let now_us = begun_us + minutes * MINUTE_US;
        world.authority.identify(credential, act, now_us).is_ok()
    };
    for minutes in (30..480).step_by(30) {
        assert!(is_in(&acts, true, minutes), "{minutes}");
        // A page that asks who is logged in is no person at the desk.
        assert_eq!(is_in(&looks, false, minutes), minutes < 60, "{minutes}");
    }
    assert!(is_in(&acts, true, 479));
    assert!(!is_in(&acts, true, 480));
    assert!(!is_in(&none, true, 60));
}
