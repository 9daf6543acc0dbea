-- The state store (SQLite, in state_directory/store.db): what must outlive a process. Of persons: keyed hashes, and in a post that
-- is held, until its fate is done, the post's own author and sender.
-- This is the store as it is now. The steps that bring an older store here stand in lib/store/store_schema.c;
-- a test runs them all and compares the result with this file.

-- "RoCa": so that `file` and we know whose it is.
PRAGMA application_id = 1383023457;
PRAGMA user_version = 6;

-- One row for each post and list that was, or was about to be, handed to Postfix. `key` is
-- SHA-256(list, NUL, envelope sender, NUL, DATA bytes): it tells a retry from a new post and says nothing about either.
-- state 1: the last byte was about to be written; 2: Postfix has it, under queue_id. changed: as the table age counts.
-- No index on changed: it would cost every post a page, and only the hourly clean-up would use it.
CREATE TABLE post (
	key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
	state INTEGER NOT NULL CHECK (state IN (1, 2)),
	queue_id TEXT NOT NULL,
	changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each post that was distributed lately: key is a hash of list, Message-ID and content, post the key of its row above. state 1: some of
-- its variants are with Postfix; 2: all are. Times: epoch seconds. Lives for the list's setting duplicates.
CREATE TABLE distributed (
	key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
	post BLOB NOT NULL CHECK (length(post) = 32),
	state INTEGER NOT NULL CHECK (state IN (1, 2)),
	distributed_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How many processes a message has killed that read it: key is a hash of its envelope sender and bytes. changed: as the table age counts.
CREATE TABLE death (
	key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
	count INTEGER NOT NULL CHECK (count > 0),
	changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: how long this store has been watched over, in seconds that a daemon really ran. Whatever somebody would lose by growing old (records
-- that protect against a second delivery, held posts, tokens) does so by it and not by the time of day, which may jump. It began at the time of
-- day when the store was made, and lags behind it since.
CREATE TABLE age (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	seconds INTEGER NOT NULL
) STRICT;

-- How many members each list had when it was last read whole, for the shrink guard: a number, nobody's name.
-- shrunk_since: as the table age counts, since when smaller counts have been seen; 0: not shrunk.
CREATE TABLE list_count (
	list TEXT NOT NULL PRIMARY KEY,
	members INTEGER NOT NULL CHECK (members >= 0),
	shrunk_since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each post that waits for a word (state 1), or whose fate is still asked for. The numbers of kind and state:
-- lib/store/store_held.h. author is From, sender the envelope's; facts: what the notice says, a{ss} as GVariant. When the jobs of the
-- decision are done, the row becomes a tombstone: author, sender, reason and facts empty, size 0, no held_message.
-- decider: keyed hash of the person, NULL for the clock and the console. expires_at: as the table age counts; other times: epoch seconds, 0 for never.
-- AUTOINCREMENT: a number is never given twice, so a token or job of a post that is gone means no other.
CREATE TABLE held (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
	list TEXT NOT NULL,
	author TEXT NOT NULL,
	sender TEXT NOT NULL,
	reason TEXT NOT NULL,
	facts BLOB NOT NULL,
	size INTEGER NOT NULL CHECK (size >= 0),
	held_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	decided_at INTEGER NOT NULL CHECK ((decided_at = 0) = (state = 1)),
	decider BLOB CHECK (length(decider) = 32)
) STRICT;
CREATE INDEX held_waiting ON held (expires_at) WHERE state = 1;

-- The message of a held post: bytes as they came, and their SHA-256, without which they are not given out. A table of its own, so
-- that a decision does not write the message again and a listing does not read it. No CHECK on message: it would read all of it.
CREATE TABLE held_message (
	held INTEGER PRIMARY KEY,
	hash BLOB NOT NULL CHECK (length(hash) = 32),
	message BLOB NOT NULL
) STRICT;

-- One row for each mail, or release, that we owe. held: the post that it is about, or 0. fields: a{ss} as GVariant.
-- due_at: when it may be tried next; whoever tries moves it on first.
CREATE TABLE job (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	held INTEGER NOT NULL,
	list TEXT NOT NULL,
	kind TEXT NOT NULL,
	fields BLOB NOT NULL,
	attempts INTEGER NOT NULL,
	made_at INTEGER NOT NULL,
	due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX job_due ON job (due_at);
CREATE INDEX job_held ON job (held);

-- What was sent to be sent back: SHA-256 of the token, what it is for (lib/store/store_token.h) and whose it is (keyed hash).
-- second: sent to make sure of a first one. expires_at: as the table age counts.
CREATE TABLE token (
	hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	held INTEGER NOT NULL,
	action INTEGER NOT NULL CHECK (action BETWEEN 1 AND 6),
	second INTEGER NOT NULL CHECK (second IN (0, 1)),
	person BLOB NOT NULL CHECK (length(person) = 32),
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_held ON token (held);

-- Bad tokens by sender (keyed hash) and hour (epoch seconds / 3600).
CREATE TABLE token_bad (
	person BLOB NOT NULL CHECK (length(person) = 32),
	hour INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (person, hour)
) STRICT, WITHOUT ROWID;

-- When a list last answered an unauthenticated person (keyed hash).
CREATE TABLE answer (
	person BLOB NOT NULL CHECK (length(person) = 32),
	list TEXT NOT NULL,
	answered_at INTEGER NOT NULL,
	PRIMARY KEY (person, list)
) STRICT, WITHOUT ROWID;

-- Posts that went out and that we still owe: to the list's next digest (issue 0), to an issue that is being sent (its number), to no digest
-- (NULL); to the archive (1) or not. archived_at: the post's address there. Gone when nobody waits.
CREATE TABLE kept (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	list TEXT NOT NULL,
	issue INTEGER,
	archive INTEGER NOT NULL CHECK (archive IN (0, 1)),
	archived_at TEXT NOT NULL,
	size INTEGER NOT NULL CHECK (size > 0),
	kept_at INTEGER NOT NULL,
	aside INTEGER NOT NULL DEFAULT 0 CHECK (aside IN (0, 1))
) STRICT;
CREATE INDEX kept_issue ON kept (issue, list);
CREATE INDEX kept_archive ON kept (list, id) WHERE archive = 1;

-- Their messages as they went out, with LF line ends, and their SHA-256.
CREATE TABLE kept_message (
	kept INTEGER PRIMARY KEY,
	hash BLOB NOT NULL CHECK (length(hash) = 32),
	message BLOB NOT NULL
) STRICT;

-- The last issue of each list's digest.
CREATE TABLE digest (
	list TEXT NOT NULL PRIMARY KEY,
	volume INTEGER NOT NULL,
	number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Issues that are closed and not yet in Postfix's queue.
CREATE TABLE digest_issue (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	list TEXT NOT NULL,
	volume INTEGER NOT NULL,
	number INTEGER NOT NULL,
	closed_at INTEGER NOT NULL
) STRICT;
