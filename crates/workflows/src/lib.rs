//! GitHub workflows on paper: the identity that each signing job's certificate will carry, what it may
//! do, and every route by which a production tag can move. Files come in as bytes.
