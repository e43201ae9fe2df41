//! Many rows in one statement.
//!
//! A statement per row costs most of a commit, so rows go in chained lists of values. The statements have a
//! few fixed lengths, and so are prepared once: what does not fill a long one goes in shorter ones.

use std::fmt::Write;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::StoreError;
use super::database::{Placeholder, Transaction, Value};

/// Rows of one statement, longest first. 256 rows of 17 columns stay far below the limits on parameters
/// (SQLite 32,766, PostgreSQL 65,535).
const LENGTHS: [usize; 5] = [256, 64, 16, 4, 1];

/// A table that rows are put in.
pub(super) struct Table<T> {
    /// Its name.
    pub(super) name: &'static str,
    /// The columns that are written, separated by a comma and a space.
    pub(super) columns: &'static str,
    /// What happens to a row whose key is there.
    pub(super) on_conflict: OnConflict,
    /// The values of a row, in the order of `columns`.
    pub(super) bind: Bind<T>,
}

/// Appends the values of a row.
pub(super) type Bind<T> = for<'v, 'a> fn(&'a T, &'v mut Vec<Value<'a>>);

/// What happens to a row whose key is there.
#[derive(Debug, Clone, Copy)]
pub(super) enum OnConflict {
    /// What is there stays: it was written by a first try.
    Keep,
    /// It is replaced; the key.
    Replace(&'static str),
}

impl<T> Table<T> {
    /// The statement that puts rows in, in all lengths.
    pub(super) fn insert(&self, placeholder: Placeholder) -> Bulk {
        let columns = self.columns.split(", ");
        let head = format!("INSERT INTO {} ({}) VALUES ", self.name, self.columns);
        let tail = match self.on_conflict {
            OnConflict::Keep => " ON CONFLICT DO NOTHING".to_owned(),
            OnConflict::Replace(key) => {
                let set: Vec<_> = columns
                    .clone()
                    .filter(|column| *column != key)
                    .map(|column| format!("{column} = excluded.{column}"))
                    .collect();
                format!(" ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "))
            }
        };
        Bulk::new(&head, columns.count(), &tail, placeholder)
    }
}

/// One statement in all lengths.
#[derive(Debug)]
pub(super) struct Bulk([Arc<str>; LENGTHS.len()]);

impl Bulk {
    /// A list of rows of `columns` parameters between two texts.
    pub(super) fn new(head: &str, columns: usize, tail: &str, placeholder: Placeholder) -> Self {
        Self(LENGTHS.map(|rows| text(head, columns, rows, tail, placeholder).into()))
    }

    /// Runs it over all rows; the number of rows that changed.
    pub(super) async fn run<T: Sync>(
        &self,
        on: &mut dyn Transaction,
        mut rows: &[&T],
        bind: Bind<T>,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for (&length, text) in LENGTHS.iter().zip(&self.0) {
            while let Some((now, later)) = rows.split_at_checked(length) {
                let mut values = Vec::with_capacity(length * 8);
                for row in now {
                    bind(row, &mut values);
                }
                changed += on.exec(sql(Arc::clone(text)), values).await?;
                rows = later;
            }
        }
        Ok(changed)
    }
}

/// A text made of constants only.
fn sql(text: Arc<str>) -> SqlStr {
    AssertSqlSafe(text).into_sql_str()
}

fn text(head: &str, columns: usize, rows: usize, tail: &str, placeholder: Placeholder) -> String {
    let mut text = String::from(head);
    for n in 0..rows * columns {
        text.push_str(match (n, n % columns) {
            (0, _) => "(",
            (_, 0) => "), (",
            _ => ", ",
        });
        match placeholder {
            Placeholder::Plain => text.push('?'),
            // Writing to a String cannot fail.
            Placeholder::Numbered => drop(write!(text, "${}", n + 1)),
        }
    }
    text.push(')');
    text.push_str(tail);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_lists_its_rows() {
        assert_eq!(text("V ", 2, 2, " T", Placeholder::Numbered), "V ($1, $2), ($3, $4) T");
        assert_eq!(text("IN (", 1, 3, ")", Placeholder::Plain), "IN ((?), (?), (?))");
    }

    #[test]
    fn a_replaced_row_keeps_its_key() {
        let table: Table<()> =
            Table { name: "t", columns: "k, a, b", on_conflict: OnConflict::Replace("k"), bind: |(), _| {} };
        let bulk = table.insert(Placeholder::Plain);
        assert_eq!(
            &*bulk.0[4],
            "INSERT INTO t (k, a, b) VALUES (?, ?, ?) ON CONFLICT (k) DO UPDATE SET a = excluded.a, b = excluded.b"
        );
    }
}
