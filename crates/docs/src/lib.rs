//! The page that says who may sign what: config and report to a site.
