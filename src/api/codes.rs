//! A victim's code in an order's document. It is short, so that from its digest it is found in a moment: whoever asks
//! hears only that there is one, and a document that was read here keeps it when it comes back.

use serde_json::{Map, Value};

/// The digest, which comes in and never goes out.
const DIGEST: &str = "aware_code_sha256";

/// What stands for it on the way out.
const MARK: &str = "aware_code";

/// Takes the digests out of a document that is to be shown: `"aware_code": true` says where one is set.
pub(super) fn hide(document: &mut Value) {
    for victim in victims(document) {
        let had = victim.remove(DIGEST).is_some_and(|digest| !digest.is_null());
        if had {
            victim.insert(MARK.to_owned(), Value::Bool(true));
        }
    }
}

/// Who had a code in the first of two documents and has another in the second.
pub(super) fn exchanged(before: &mut Value, after: &mut Value) -> Vec<String> {
    let had = digests(before);
    let has = digests(after);
    let another = |(person, digest): &(Value, Value)| had.iter().any(|(p, d)| p == person && d != digest);
    has.iter()
        .filter(|one| another(one))
        .filter_map(|(person, _)| person.as_str().map(str::to_owned))
        .collect()
}

/// Whether a document says of somebody that she keeps her code.
pub(super) fn keeps_one(document: &mut Value) -> bool {
    victims(document).any(|victim| keeps(victim))
}

/// Gives those who keep their code the one that is stored for them. Who has none there keeps the mark: reading the
/// order then says so.
pub(super) fn restore(document: &mut Value, stored: &mut Value) {
    let known = digests(stored);
    for victim in victims(document).filter(|victim| keeps(victim)) {
        let person = victim.get("person");
        let digest = known.iter().find(|(known, _)| Some(known) == person).map(|(_, digest)| digest.clone());
        if let Some(digest) = digest {
            victim.remove(MARK);
            victim.insert(DIGEST.to_owned(), digest);
        }
    }
}

/// Takes the marks out, where a document is only judged.
pub(super) fn leave_out(document: &mut Value) {
    for victim in victims(document).filter(|victim| keeps(victim)) {
        victim.remove(MARK);
    }
}

fn keeps(victim: &Map<String, Value>) -> bool {
    victim.get(MARK) == Some(&Value::Bool(true)) && victim.get(DIGEST).is_none_or(Value::is_null)
}

/// Whose code has which digest.
fn digests(document: &mut Value) -> Vec<(Value, Value)> {
    victims(document)
        .filter_map(|victim| Some((victim.get("person")?.clone(), victim.get(DIGEST)?.clone())))
        .filter(|(_, digest)| !digest.is_null())
        .collect()
}

fn victims(document: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let list = document.get_mut("victims").and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_be_an_order_is_left_as_it_is() {
        for odd in [json!(12), json!([1]), json!({"victims": {"a": 1}}), json!({"victims": [null, "x"]})] {
            let mut document = odd.clone();
            hide(&mut document);
            restore(&mut document, &mut json!({"victims": 7}));
            leave_out(&mut document);
            assert_eq!(document, odd);
        }
    }

    #[test]
    fn a_code_is_kept_by_person_and_a_new_one_counts() {
        let mut stored = json!({"victims": [
            {"person": "a", "aware_code_sha256": "1"}, {"person": "b", "aware_code_sha256": null}]});
        let mut again = json!({"victims": [
            {"person": "b", "aware_code": true}, {"person": "a", "aware_code": true},
            {"person": "a", "aware_code": true, "aware_code_sha256": "2"}]});
        assert!(keeps_one(&mut again));
        restore(&mut again, &mut stored);
        assert_eq!(
            again["victims"],
            json!([{"person": "b", "aware_code": true}, {"person": "a", "aware_code_sha256": "1"},
                   {"person": "a", "aware_code": true, "aware_code_sha256": "2"}])
        );
        hide(&mut stored);
        assert_eq!(stored["victims"], json!([{"person": "a", "aware_code": true}, {"person": "b"}]));
    }
}
