-- The state store (SQLite, in state_directory/store.db): what must outlive a process, and nothing of a person.
-- This is the store as it is now. The steps that bring an older store here stand in lib/store/store_schema.c;
-- a test runs them all and compares the result with this file.

-- "RoCa": so that `file` and we know whose it is.
PRAGMA application_id = 1383023457;
PRAGMA user_version = 1;

-- One row for each post and list that was, or was about to be, handed to Postfix. `key` is
-- SHA-256(list, NUL, envelope sender, NUL, DATA bytes): it tells a retry from a new post and says nothing about either.
-- state 1: the last byte was about to be written; 2: Postfix has it, under queue_id. changed: epoch seconds.
-- No index on changed: it would cost every post a page, and only the hourly clean-up would use it.
CREATE TABLE post (
	key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
	state INTEGER NOT NULL CHECK (state IN (1, 2)),
	queue_id TEXT NOT NULL,
	changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How many members each list had when it was last read whole, for the shrink guard: a number, nobody's name.
-- shrunk_since: epoch seconds since when smaller counts have been seen; 0: not shrunk.
CREATE TABLE list_count (
	list TEXT NOT NULL PRIMARY KEY,
	members INTEGER NOT NULL CHECK (members >= 0),
	shrunk_since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
