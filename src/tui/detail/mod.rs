mod hex;
mod json;
mod page;
