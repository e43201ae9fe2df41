//! Commands about orders: the guidance, the register, the rows.

use std::sync::Arc;

use zones::guidance::{Finding, Severity, Term, check_beside};
use zones::order::{Draft, Order};
use zones::{Input, Invalid, OrderId, Outcome, Refused, Timestamp};

use super::decide::Decider;
use crate::api::commands::{NotWithdrawn, OrderAccepted, OrderRefused, Precondition};
use crate::store::{OrderRow, Origin};

/// Who changes the register.
#[derive(Debug)]
pub(super) struct By {
    origin: Origin,
    /// Name of the token or of the file, where there is one.
    name: Option<String>,
    /// What the change leans on.
    only_if: Precondition,
}

impl By {
    /// The holder of a token.
    pub(super) fn token(name: String) -> Self {
        Self { origin: Origin::Api, name: Some(name), only_if: Precondition::default() }
    }

    /// A file of the orders folder.
    pub(super) fn file(name: Option<&str>) -> Self {
        Self { origin: Origin::File, name: name.map(str::to_owned), only_if: Precondition::default() }
    }

    /// Only if the order is as it was read.
    pub(super) fn only_if(self, only_if: Precondition) -> Self {
        Self { only_if, ..self }
    }
}

#[cfg(test)]
impl From<Origin> for By {
    fn from(origin: Origin) -> Self {
        Self { origin, name: None, only_if: Precondition::default() }
    }
}

impl Decider {
    /// Puts an order into force, or says why it cannot be.
    pub(super) fn put_order(
        &mut self,
        now: Timestamp,
        draft: Draft,
        by: impl Into<By>,
    ) -> Result<OrderAccepted, OrderRefused> {
        let By { origin, name: by, only_if } = by.into();
        self.advance(now);
        let findings = self.findings(now, &draft);
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(OrderRefused::Findings(findings));
        }
        let document = draft.document().to_owned();
        let order = Arc::new(draft.into_order().map_err(OrderRefused::Findings)?);
        self.register.names_are_free(&order).map_err(OrderRefused::Limit)?;
        let before = self.engine.order(&order.order).cloned();
        // The same again changes nothing, whoever was first: an answer that was lost is asked for once more.
        if before.as_ref() != Some(&order) && !only_if.holds(self.changed_at(&order.order)) {
            return Err(OrderRefused::Changed);
        }
        let (id, seq) = (order.order.clone(), self.next.input);
        match self.tell(now, &Input::Order(Arc::clone(&order))) {
            Ok(Outcome::Duplicate) => {}
            Ok(_) => {
                if let Some(before) = &before {
                    self.forget(before);
                }
                self.note(&order);
                self.origins.insert(id.clone(), (origin, now));
                self.files.worth_trying = true;
                let (order, document) = (id.clone(), Some(document));
                let row = OrderRow { order, seq, document, at: now, origin, by };
                self.pending.batch.orders.push(row);
            }
            Err(refused) => return Err(OrderRefused::Limit(field_of(refused))),
        }
        self.pending.urgent = true;
        let changed_at = self.changed_at(&id).unwrap_or(now);
        Ok(OrderAccepted { created: before.is_none(), changed_at, findings })
    }

    /// Takes an order out of the register, also one that has ended; its history is kept.
    pub(super) fn withdraw_order(
        &mut self,
        now: Timestamp,
        id: &OrderId,
        by: impl Into<By>,
    ) -> Result<(), NotWithdrawn> {
        let By { origin, name: by, only_if } = by.into();
        self.advance(now);
        let Some(changed_at) = self.changed_at(id) else { return Err(NotWithdrawn::Unknown) };
        if !only_if.holds(Some(changed_at)) {
            return Err(NotWithdrawn::Changed);
        }
        if origin == Origin::Api {
            self.may_be_withdrawn(id)?;
        }
        let seq = self.next.input;
        let input = Input::OrderWithdrawn(id.clone());
        match self.engine.order(id).cloned() {
            Some(order) => {
                self.tell(now, &input).map_err(|_| NotWithdrawn::Unknown)?;
                self.forget(&order);
            }
            // It has ended, and the engine has forgotten it: the register must not show it for ever.
            None => self.collect(now, &input),
        }
        self.leave_incidents(now, id);
        self.origins.remove(id);
        let row = OrderRow { order: id.clone(), seq, document: None, at: now, origin, by };
        self.pending.batch.orders.push(row);
        self.pending.urgent = true;
        Ok(())
    }

    /// Files are the authority for what they state: an order that was withdrawn elsewhere would come back with
    /// the next start.
    fn may_be_withdrawn(&self, id: &OrderId) -> Result<(), NotWithdrawn> {
        match self.files.that_states(id) {
            Some(file) => Err(NotWithdrawn::StatedBy(format!("the file {file}"))),
            None if self.files.watched && self.is_of_file(id) => {
                Err(NotWithdrawn::StatedBy("a file that could not be read since the start".to_owned()))
            }
            None => Ok(()),
        }
    }

    /// Whether the API has changed an order since its file was written.
    pub(super) fn is_superseded(&self, order: &OrderId, modified: Option<Timestamp>) -> bool {
        matches!(self.origins.get(order), Some((Origin::Api, at)) if modified.is_none_or(|modified| modified <= *at))
    }

    /// When an order of the register was last changed.
    fn changed_at(&self, order: &OrderId) -> Option<Timestamp> {
        self.origins.get(order).map(|(_, at)| *at)
    }

    /// Whether a file was the last to state an order.
    pub(super) fn is_of_file(&self, order: &OrderId) -> bool {
        matches!(self.origins.get(order), Some((Origin::File, _)))
    }

    /// What the guidance says, with the wearer's other orders as possible successors.
    fn findings(&self, now: Timestamp, draft: &Draft) -> Vec<Finding> {
        let known: Vec<Term> =
            self.engine.orders_of_wearer(&draft.wearer.person).map(|order| Term::from(&**order)).collect();
        check_beside(std::slice::from_ref(draft), &known, now)
    }

    /// Enters an order where names are looked up.
    pub(super) fn note(&mut self, order: &Arc<Order>) {
        Arc::make_mut(&mut self.register).note(order);
        self.directory.note(order);
    }

    pub(super) fn forget(&mut self, order: &Order) {
        self.recent.clear();
        Arc::make_mut(&mut self.register).forget(&order.order);
        self.directory.forget(&order.order);
    }
}

fn field_of(refused: Refused) -> Invalid {
    match refused {
        Refused::Beside(invalid) => invalid,
        other => Invalid::new("device", other.to_string()),
    }
}
