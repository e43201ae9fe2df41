//! The routes, called as a client calls them, over a real SQLite store and a pipeline that only keeps books.

mod access;
mod audit;
mod bench;
mod body;
mod cases;
mod console;
mod desks;
mod hands;
mod health;
mod history;
mod incidents;
mod ingest;
mod live;
mod lookup;
mod map;
mod me;
mod orders;
mod page;
mod people;
mod positions;
mod problems;
mod push;
mod rejected;
