//! Wire formats: topics, native JSON, OwnTracks, Traccar.
