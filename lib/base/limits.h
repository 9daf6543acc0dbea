/*
 * Every fixed limit with its name, unit and reason. Limits that an admin may want to move are
 * settings (settings_table.h); these are the ones that guard a parser or follow from a standard.
 */
#ifndef ROLLCALL_BASE_LIMITS_H
#define ROLLCALL_BASE_LIMITS_H

enum {
	/* LMTP session (HOSTILE 5.1). */
	LIMIT_COMMAND_LINE = 2048,       /* bytes with CRLF; RFC 5321 4.5.3.1.4 asks 512 plus extensions */
	LIMIT_COMMAND_FLOOD = 65536,     /* bytes of one over-long line before we hang up */
	LIMIT_SESSION_ERRORS = 20,       /* wrong commands before 421 */
	LIMIT_SESSION_JUNK = 100,        /* NOOP, RSET, VRFY and the like before 421 */

	/* Addresses: RFC 5321 4.5.3.1, RFC 1035 2.3.4. */
	LIMIT_LOCAL_PART = 64,
	LIMIT_ADDRESS = 254,
	LIMIT_DOMAIN_LABEL = 63,
	LIMIT_LIST_NAME = 64,

	/* Message, looked at before any parser runs (HOSTILE 5.2). */
	LIMIT_HEADER_BLOCK = 256 * 1024, /* bytes */
	LIMIT_HEADER_FIELDS = 1000,      /* fields */
	LIMIT_HEADER_FIELD = 64 * 1024,  /* bytes of one field, folds and all */
	LIMIT_FIELD_NAME = 128,          /* bytes; libopendkim overflows beyond */
	LIMIT_FIELD_NAME_HOLD = 900,     /* bytes; longer: refused. Name, colon and a first word must fit on a line */
	LIMIT_HEADER_ADDRESSES = 2000,   /* address separators in one address field: GMime's stack */
	LIMIT_HEADER_NESTING = 50,       /* comments, groups and brackets inside each other */
	LIMIT_MIME_DEPTH_HOLD = 20,      /* deeper: somebody looks at it */
	LIMIT_MIME_DEPTH = 100,          /* deeper: refused */
	LIMIT_MIME_PARTS = 10000,        /* parts in all: memory of the parser */
	LIMIT_RECEIVED = 47,             /* trace fields: a loop that no mark shows. Ours and qmqpd's come to it, and Postfix stops at 50 */
	LIMIT_SIGNATURES = 20,           /* DKIM-Signature fields that are kept and looked at */
	LIMIT_ARC_SETS = 50,             /* RFC 8617 section 4.2.1: more are no chain */
	LIMIT_LINE = 998,                /* bytes without CRLF, RFC 5322 2.1.1 */
	LIMIT_BOUNDARY = 70,             /* characters, RFC 2046 5.1.1 */

	/* OCSP (RFC 6960). */
	LIMIT_OCSP_QUESTIONS = 4,        /* responders asked for one message: signer, two intermediates, and one more */
	LIMIT_OCSP_REQUEST = 256,        /* bytes: one certificate's number and its issuer's two hashes */
	LIMIT_OCSP_RESPONSE = 48 * 1024, /* bytes; usual ones have 500 to 5,000, and it must fit a frame */
	LIMIT_OCSP_URL = 512,            /* bytes */

	/* Wire between the rooms. */
	LIMIT_FRAME = 64 * 1024,         /* bytes of one frame */
};

#endif
