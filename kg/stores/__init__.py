"""The kinds of store, one file each; `kg.store.open_store` chooses by URL."""
