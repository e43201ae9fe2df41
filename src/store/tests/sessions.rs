//! Who is signed in.

use super::rows::at;
use crate::store::*;

/// The last state of a session counts, what is over is gone, and a NUL in a name harms nobody.
pub(super) async fn sessions_are_kept_until_they_are_over(store: &Store) {
    let row = |hash: &str, active: i64| SessionRow {
        hash: hash.to_owned(),
        name: "Anna \u{1f642} (anna)".to_owned(),
        person: Some("anna".to_owned()),
        role: "desk".into(),
        desk: Some("rotterdam".to_owned()),
        device: None,
        bearer: None,
        terms: "terms".to_owned(),
        begun_at: at(1),
        active_at: at(active),
        locked: false,
    };
    let victim = SessionRow {
        desk: None,
        device: Some("vd-0001".to_owned()),
        bearer: Some("victim-0001".to_owned()),
        role: "victim".into(),
        person: None,
        ..row("b", 3)
    };
    store.keep_sessions(&[row("a", 2), victim.clone()], &[]).await.unwrap();
    let locked = SessionRow { locked: true, ..row("a", 9) };
    store
        .keep_sessions(&[locked.clone(), SessionRow { name: "n\0".to_owned(), ..row("c", 1) }], &[])
        .await
        .unwrap();
    let mut kept = store.sessions().await.unwrap();
    kept.sort_by(|x, y| x.hash.cmp(&y.hash));
    let told = SessionRow { name: "n\u{fffd}".to_owned(), ..row("c", 1) };
    assert_eq!(kept, [locked.clone(), victim.clone(), told]);
    store.keep_sessions(&[], &["b".to_owned(), "c".to_owned(), "never".to_owned()]).await.unwrap();
    assert_eq!(store.sessions().await.unwrap(), [locked]);
    store.keep_sessions(&[victim], &["a".to_owned()]).await.unwrap();
    assert_eq!(store.sessions().await.unwrap().len(), 1);
}
