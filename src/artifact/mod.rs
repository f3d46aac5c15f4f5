//! Named, versioned package outputs: files, not tables. No code yet; `docs/architecture.md` says what it will be.
