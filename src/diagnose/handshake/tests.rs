//! Requests and answers of real programs, and of broken ones.
