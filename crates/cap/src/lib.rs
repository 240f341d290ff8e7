//! Common Alerting Protocol 1.2: model, strict writer, lenient reader.
