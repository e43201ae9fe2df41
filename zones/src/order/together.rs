//! What the orders of one wearer must keep to together (§5).

use std::collections::BTreeSet;

use super::Order;
use crate::{Invalid, policy};

/// Whether `order` may be in force beside `others`: at no moment of its validity has its wearer two devices, or
/// more than six victims or 200 zones over all orders valid then. Orders of other wearers, earlier versions of
/// this one and orders that do not overlap with it are left alone.
///
/// # Errors
/// Names the field of `order` that goes too far, and the order it clashes with where that is one.
pub fn fits_beside<'a>(order: &Order, others: impl IntoIterator<Item = &'a Order>) -> Result<(), Invalid> {
    let beside: Vec<&Order> = others
        .into_iter()
        .filter(|other| other.wearer.person == order.wearer.person && other.order != order.order)
        .filter(|other| other.valid_from < order.valid_until && order.valid_from < other.valid_until)
        .collect();
    if let Some(other) = beside.iter().find(|other| other.wearer.device != order.wearer.device) {
        let problem = format!("the wearer has another device in order {}", other.order);
        return Err(Invalid::new("wearer.device", problem));
    }
    // Numbers only grow where an order begins.
    let starts = beside.iter().map(|other| other.valid_from.max(order.valid_from));
    for at in starts.chain([order.valid_from]) {
        let valid = beside.iter().copied().filter(|other| other.in_force(at)).chain([order]);
        counts(valid)?;
    }
    Ok(())
}

fn counts<'a>(valid: impl Iterator<Item = &'a Order>) -> Result<(), Invalid> {
    let mut victims = BTreeSet::new();
    let mut zones = 0;
    for order in valid {
        victims.extend(order.victims.iter().map(|victim| &victim.party.person));
        zones += order.zones.len();
    }
    let over = |field, found, most| {
        let problem = format!("the wearer's valid orders come to {found}, more than {most}");
        if found > most { Err(Invalid::new(field, problem)) } else { Ok(()) }
    };
    over("victims", victims.len(), policy::MOST_VICTIMS)?;
    over("zones.features", zones, policy::MOST_ZONES)
}
