//! One report, five forms: text, JSON, SARIF, JUnit, GitHub annotations. Pure.
