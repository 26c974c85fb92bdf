use super::{Reach, Unsure, course, state, tracked, with_names};
use crate::secret::Secret;
use crate::source::testing::Sandbox;
use gix_hash::ObjectId;

const VALUE: &str = "once upon a value";

fn reach(sandbox: &Sandbox, commit: ObjectId) -> Reach {
    let repo = sandbox.repo();
    let tracked = tracked(&repo).unwrap();
    let reach = tracked.reach(tracked.has(&repo, commit).unwrap());
    with_names(&repo, commit, reach).unwrap()
}

#[test]
fn a_commit_is_pushed_when_a_tracking_branch_has_it() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    let first = sandbox.id("HEAD");
    assert_eq!(reach(&sandbox, first), Reach { branches: vec!["main".into()], ..Reach::default() });

    sandbox.git(&["init", "-q", "--bare", "../origin.git"]);
    sandbox.git(&["remote", "add", "origin", "../origin.git"]);
    assert_eq!(reach(&sandbox, first).unsure, Some(Unsure::NothingFetched));

    sandbox.git(&["push", "-q", "origin", "main"]);
    sandbox.git(&["remote", "set-head", "origin", "main"]);
    let second = sandbox.commit("second");
    let pushed = reach(&sandbox, first);
    assert!(pushed.pushed);
    assert_eq!((pushed.remote_refs, pushed.unsure), (vec!["origin/main".into()], None));
    assert!(!reach(&sandbox, second).pushed);
    let repo = sandbox.repo();
    let all = tracked(&repo).unwrap().all(&repo).unwrap();
    assert!(all.contains(&first) && !all.contains(&second));
}

#[test]
fn what_a_shallow_clone_cannot_know_is_said() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.commit("second");
    let top = format!("file://{}", sandbox.top.display());
    sandbox.git_in(&sandbox.home, &["clone", "-q", "--depth=1", &top, "shallow"]);
    let folder = sandbox.home.join("shallow");
    sandbox.git_in(&folder, &["commit", "-q", "--allow-empty", "-m", "own"]);
    let repo = sandbox.repo_at(&folder);
    let head = repo.commit_id("HEAD").unwrap();
    let tracked = tracked(&repo).unwrap();

    assert!(!tracked.has(&repo, head).unwrap());
    assert_eq!(tracked.reach(false).unsure, Some(Unsure::Shallow));
}

#[test]
fn the_commits_that_bring_a_value_are_told_from_those_that_carry_it() {
    let sandbox = Sandbox::holding(&[("b", "2\n")]);
    sandbox.write("a", VALUE);
    let first = sandbox.commit("brings it");
    sandbox.git(&["mv", "a", "moved"]);
    sandbox.commit("moves it");
    sandbox.write("b", format!("2\n{VALUE}\n"));
    let last = sandbox.commit("brings it again");
    let course = course(&sandbox.repo(), first, b"a", &Secret::new(VALUE.as_bytes())).unwrap();

    let brought: Vec<_> = course.brought.iter().map(|one| (one.commit, one.now.clone())).collect();
    assert_eq!(brought, [(first, Some("moved".into())), (last, Some("b".into()))]);
    assert!(course.on_head && !course.is_head && !course.root && !course.merges);
}

#[test]
fn what_changed_close_by_since_is_not_taken_for_mendable() {
    let sandbox = Sandbox::holding(&[("b", "2\n")]);
    sandbox.write("a", format!("one\n{VALUE}\n"));
    let first = sandbox.commit("brings it");
    sandbox.write("a", format!("two\n{VALUE}\n"));
    sandbox.commit("changes the line above");
    let course = course(&sandbox.repo(), first, b"a", &Secret::new(VALUE.as_bytes())).unwrap();

    assert_eq!(course.held_now, ["a"]);
    assert_eq!(course.brought[0].now, None);
}

#[test]
fn what_git_is_in_the_middle_of_is_known() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("a", "2\n");
    sandbox.commit("side");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("a", "3\n");
    sandbox.commit("main");
    assert!(!state(&sandbox.repo()).unwrap().conflicted);
    sandbox.try_git(&sandbox.top, &["merge", "side"]);
    let state = state(&sandbox.repo()).unwrap();

    assert!(state.conflicted && state.in_progress.is_some());
    assert_eq!(state.branch, Some("main".into()));
}
