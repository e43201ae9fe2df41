//! What the order files state: the authority for the orders they name.
//!
//! An order that a file states can be replaced over the API, but not withdrawn: the file would bring it back. One
//! that does not fit beside the others is tried again when those change.

use std::collections::BTreeMap;
use std::sync::Arc;

use zones::order::Draft;
use zones::{OrderId, Timestamp};

use super::decide::Decider;
use super::orders::By;
use crate::api::commands::OrderRefused;

/// A change of the orders folder.
#[derive(Debug)]
pub enum FileOrder {
    /// A file states this order.
    Stated {
        /// The order.
        draft: Box<Draft>,
        /// Name of the file.
        file: Arc<str>,
        /// When the file was last changed, if that is known.
        modified: Option<Timestamp>,
    },
    /// No file states this order any more.
    Gone(OrderId),
    /// The folder was looked through once: what it states has been said.
    Looked,
}

/// What is remembered of the order files.
#[derive(Debug)]
pub(super) struct Files {
    /// Which file states an order.
    stated: BTreeMap<OrderId, Arc<str>>,
    /// Orders that did not fit beside others, with the time of their file.
    waiting: BTreeMap<OrderId, (Draft, Option<Timestamp>)>,
    /// The register has changed since those were tried.
    pub(super) worth_trying: bool,
    /// Somebody watches a folder.
    pub(super) watched: bool,
}

impl Default for Files {
    fn default() -> Self {
        Self { stated: BTreeMap::new(), waiting: BTreeMap::new(), worth_trying: false, watched: true }
    }
}

impl Files {
    /// The file that states an order.
    pub(super) fn that_states(&self, order: &OrderId) -> Option<&str> {
        self.stated.get(order).map(|file| &**file)
    }
}

impl Decider {
    /// Takes in a change of the orders folder.
    pub(super) fn file(&mut self, now: Timestamp, change: FileOrder) {
        match change {
            FileOrder::Stated { draft, file, modified } => {
                self.files.waiting.remove(&draft.order);
                self.files.stated.insert(draft.order.clone(), file);
                self.put_of_file(now, *draft, modified, true);
            }
            FileOrder::Gone(order) => {
                self.files.waiting.remove(&order);
                let file = self.files.stated.remove(&order);
                // One that the API has taken over stays, and one that was never in force is gone anyway.
                if self.is_of_file(&order) {
                    let _ = self.withdraw_order(now, &order, By::file(file.as_deref()));
                }
            }
            FileOrder::Looked => {}
        }
    }

    /// Tries again what did not fit, if the register has changed since.
    pub(super) fn try_files_again(&mut self, now: Timestamp) {
        if !std::mem::take(&mut self.files.worth_trying) {
            return;
        }
        for (_, (draft, modified)) in std::mem::take(&mut self.files.waiting) {
            self.put_of_file(now, draft, modified, false);
        }
    }

    fn put_of_file(&mut self, now: Timestamp, draft: Draft, modified: Option<Timestamp>, is_news: bool) {
        let order = draft.order.clone();
        if self.is_superseded(&order, modified) {
            tracing::warn!(%order, "the API changed this order after its file: the file is left aside");
            return;
        }
        let by = By::file(self.files.that_states(&order));
        match self.put_order(now, draft.clone(), by) {
            Ok(accepted) => {
                for finding in accepted.findings {
                    tracing::info!(%order, code = finding.code.as_str(), "finding about an order");
                }
                if !is_news {
                    tracing::info!(%order, "an order that was refused before is in the register now");
                }
            }
            Err(refused) => {
                if is_news {
                    tracing::error!(%order, reason = %refused, "an order is not in force");
                }
                // What the guidance says depends on the order alone.
                if matches!(refused, OrderRefused::Limit(_)) {
                    self.files.waiting.insert(order, (draft, modified));
                }
            }
        }
    }
}
