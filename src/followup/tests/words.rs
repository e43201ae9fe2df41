//! What a timeline says has words in the console.

/// The words of all steps, as `What::word` has them: the compiler holds that none is lacking there.
fn steps() -> Vec<&'static str> {
    let source = include_str!("../effect.rs");
    let (_, from) = source.split_once("pub const fn word(&self)").expect("the words of What");
    let (words, _) = from.split_once("\n    }\n").expect("the end of it");
    words.lines().filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\",")).collect()
}

#[test]
fn every_step_of_a_timeline_has_words_in_the_console() {
    let dictionary = include_str!("../../../dashboard/src/words/followup.ts");
    // What alerts tell already, the console leaves to them.
    let story = include_str!("../../../dashboard/src/live/story.ts");
    let by_alerts = story.lines().find(|line| line.starts_with("const TOLD_BY_ALERTS")).expect("its list");
    let steps = steps();
    assert!(steps.len() > 30 && steps.contains(&"told_desk"), "{steps:?}");
    let lacking = steps.iter().filter(|step| {
        !dictionary.contains(&format!("\"step.{step}\":")) && !by_alerts.contains(&format!("\"{step}\""))
    });
    assert_eq!(lacking.collect::<Vec<_>>(), Vec::<&&str>::new(), "steps without words");
}

/// The other way round: no word is left of a step that nobody takes.
#[test]
fn no_step_of_the_console_is_one_that_is_never_taken() {
    let steps = steps();
    let words = include_str!("../../../dashboard/src/words/followup.ts").split("\"step.").skip(1);
    let strange = words.filter_map(|rest| rest.split('"').next()).filter(|word| !steps.contains(word));
    assert_eq!(strange.collect::<Vec<_>>(), Vec::<&str>::new());
}
