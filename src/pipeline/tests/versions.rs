//! Changes of an order that lean on the version their writer read.

use axum::http::HeaderMap;

use super::*;
use crate::api::commands::{OrderRefused, Precondition};

/// Bob, with a header of that name in his request.
fn by_bob(name: &'static str, value: &str) -> By {
    let mut headers = HeaderMap::new();
    headers.insert(name, value.parse().unwrap());
    By::token("Bob".to_owned()).only_if(Precondition::of(&headers).unwrap())
}

fn if_match(value: &str) -> By {
    by_bob("if-match", value)
}

#[test]
fn of_two_who_change_the_same_version_the_second_is_refused() {
    let mut decider = started(nothing());
    let tag = |at: Timestamp| format!("\"{at}\"");
    let (low, high) = (draft(&with("a", "/risk", "low")), draft(&with("a", "/risk", "high")));
    assert_eq!(
        decider.put_order(t(0), low.clone(), if_match("*")),
        Err(OrderRefused::Changed),
        "there is none"
    );
    let first = decider.put_order(t(1), low.clone(), Origin::Api).unwrap().changed_at;
    // The answer may have been lost: the same again is no other change, and leaves the version as it was.
    let again = decider.put_order(t(2), low, if_match("\"before\"")).unwrap();
    assert_eq!((again.created, again.changed_at), (false, first));
    let second = decider.put_order(t(3), high, if_match(&tag(first))).unwrap().changed_at;
    assert!(second > first);
    let medium = || draft(&with("a", "/risk", "medium"));
    assert_eq!(decider.put_order(t(4), medium(), if_match(&tag(first))), Err(OrderRefused::Changed));
    let late = decider.withdraw_order(t(5), &id("ord-a"), if_match(&tag(first)));
    assert_eq!(late, Err(NotWithdrawn::Changed));
    let stored = decider.take().batch.orders;
    assert_eq!(stored.len(), 2, "what was refused changed nothing");
    assert_eq!(stored.last().map(|row| row.at), Some(second), "the version is that of the stored row");
    decider.withdraw_order(t(6), &id("ord-a"), if_match(&tag(second))).unwrap();
    assert_eq!(decider.put_order(t(7), medium(), if_match(&tag(second))), Err(OrderRefused::Changed));
    assert!(decider.put_order(t(8), medium(), Origin::Api).unwrap().created, "who leans on nothing may");
}

#[test]
fn who_registers_anew_replaces_nothing() {
    let mut decider = started(nothing());
    let anew = || by_bob("if-none-match", "*");
    let (low, high) = (draft(&with("a", "/risk", "low")), draft(&with("a", "/risk", "high")));
    assert!(decider.put_order(t(0), low.clone(), anew()).unwrap().created);
    assert!(!decider.put_order(t(1), low, anew()).unwrap().created, "the answer may have been lost");
    assert_eq!(decider.put_order(t(2), high.clone(), anew()), Err(OrderRefused::Changed));
    decider.withdraw_order(t(3), &id("ord-a"), Origin::Api).unwrap();
    assert!(decider.put_order(t(4), high, anew()).unwrap().created, "what was withdrawn is not there");
}
