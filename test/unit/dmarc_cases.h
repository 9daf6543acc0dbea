/*
 * DMARC: what comes out of which records and identifiers. One table for two tests: with a table as DNS (unit/test_dmarc.c), and with the same zone
 * behind a real resolver (session/dmarc_probe.c).
 */
#ifndef TEST_UNIT_DMARC_CASES_H
#define TEST_UNIT_DMARC_CASES_H

#include <glib.h>

enum { DMARC_CASE_NAMES = 10 };

struct dmarc_case {
	const char *name;
	const char *author;
	/**
	 * "NAME TEXT": a record. "NAME": the name is there, without one. "!NAME": SERVFAIL. "TEXT" may be cut by '|' into two records. A
	 * name that is not named, nor anything below it, is NXDOMAIN.
	 */
	const char *zone[DMARC_CASE_NAMES];
	const char *dkim;    /**< "RESULT DOMAIN, RESULT DOMAIN"; NULL: no signature */
	const char *spf;     /**< "RESULT DOMAIN"; NULL: nothing said */
	/** "RESULT POLICY ORGANISATION PLACE", '-' for nothing, then "later" where it is not settled. */
	const char *expected;
	const char *aligned; /**< one '+' or '-' for each signature, then one for SPF; NULL: not looked at */
};

#define AT(domain, record) "_dmarc." domain " v=DMARC1; " record

static const struct dmarc_case dmarc_cases[] = {
	/* Policy and result, one domain. */
	{"reject, nothing passes", "a.test", {AT("a.test", "p=reject")}, NULL, NULL, "fail reject a.test a.test", "-"},
	{"quarantine, nothing passes", "a.test", {AT("a.test", "p=quarantine")}, NULL, NULL, "fail quarantine a.test a.test", NULL},
	{"none, nothing passes", "a.test", {AT("a.test", "p=none")}, NULL, NULL, "fail none a.test a.test", NULL},
	{"reject, signed", "a.test", {AT("a.test", "p=reject")}, "pass a.test", NULL, "pass reject a.test a.test", "+-"},
	{"reject, SPF", "a.test", {AT("a.test", "p=reject")}, NULL, "pass a.test", "pass reject a.test a.test", "+"},
	{"reject, both", "a.test", {AT("a.test", "p=reject")}, "pass a.test", "pass a.test", "pass reject a.test a.test", "++"},
	{"broken signature", "a.test", {AT("a.test", "p=reject")}, "fail a.test", NULL, "fail reject a.test a.test", "+-"},
	{"one of two passes", "a.test", {AT("a.test", "p=reject")}, "fail a.test, pass a.test", NULL, "pass reject a.test a.test", "++-"},
	{"another domain's signature", "a.test", {AT("a.test", "p=reject")}, "pass b.test", "pass b.test", "fail reject a.test a.test", "--"},
	{"policy signature", "a.test", {AT("a.test", "p=reject")}, "policy a.test", NULL, "fail reject a.test a.test", NULL},
	{"SPF softfail", "a.test", {AT("a.test", "p=reject")}, NULL, "softfail a.test", "fail reject a.test a.test", "+"},
	{"SPF temperror is the border's", "a.test", {AT("a.test", "p=reject")}, NULL, "temperror a.test", "fail reject a.test a.test", NULL},
	{"author in capitals", "A.TEST", {AT("a.test", "p=reject")}, "pass A.Test", NULL, "pass reject a.test a.test", "+-"},
	{"author with a dot behind", "a.test.", {AT("a.test", "p=reject")}, "pass a.test.", NULL, "pass reject a.test a.test", "+-"},
	{"author as U-label", "b\303\274cher.test", {AT("xn--bcher-kva.test", "p=reject")}, "pass xn--bcher-kva.test", NULL,
		"pass reject xn--bcher-kva.test xn--bcher-kva.test", "+-"},
	{"signer as U-label", "xn--bcher-kva.test", {AT("xn--bcher-kva.test", "p=reject")}, "pass b\303\274cher.test", NULL,
		"pass reject xn--bcher-kva.test xn--bcher-kva.test", "+-"},
	{"signer is no name", "a.test", {AT("a.test", "p=reject")}, "pass a..test, pass , pass a.test b", NULL, "fail reject a.test a.test", "----"},
	{"signer with an underscore", "a.test", {AT("a.test", "p=reject")}, "pass _x.a.test", NULL, "pass reject a.test a.test", "+-"},

	/* No record. */
	{"no record, signed", "a.test", {"a.test"}, "pass a.test", NULL, "none - a.test -", "+-"},
	{"no record, nothing", "a.test", {"a.test"}, NULL, NULL, "none - a.test -", "-"},
	{"no record: no relaxed alignment", "m.a.test", {"m.a.test"}, "pass a.test", NULL, "none - m.a.test -", "--"},
	{"two records are none", "a.test", {"_dmarc.a.test v=DMARC1; p=reject|v=DMARC1; p=none"}, NULL, NULL, "none - a.test -", NULL},
	{"two records, and one above", "m.a.test", {"_dmarc.m.a.test v=DMARC1; p=none|v=DMARC1; p=none; t=y", AT("a.test", "p=reject")}, NULL, NULL,
		"fail reject a.test a.test", NULL},
	{"a record among others", "a.test", {"_dmarc.a.test hello|v=DMARC1; p=reject"}, NULL, NULL, "fail reject a.test a.test", NULL},
	{"another version", "a.test", {"_dmarc.a.test v=DMARC2; p=reject"}, NULL, NULL, "none - a.test -", NULL},
	{"version in small letters", "a.test", {"_dmarc.a.test v=dmarc1; p=reject"}, NULL, NULL, "none - a.test -", NULL},
	{"version not first", "a.test", {"_dmarc.a.test p=reject; v=DMARC1"}, NULL, NULL, "none - a.test -", NULL},
	{"no policy in it", "a.test", {AT("a.test", "adkim=s")}, NULL, NULL, "fail none a.test a.test", NULL},
	{"policy that is none", "a.test", {AT("a.test", "p=refuse")}, NULL, NULL, "permerror none a.test a.test", NULL},
	{"policy that is none, reports wanted", "a.test", {AT("a.test", "p=refuse; rua=mailto:d@a.test")}, NULL, NULL, "fail none a.test a.test", NULL},
	{"subdomain policy that is none", "a.test", {AT("a.test", "p=reject; sp=never")}, NULL, NULL, "permerror none a.test a.test", NULL},
	{"policy in capitals", "a.test", {AT("a.test", "P=REJECT")}, NULL, NULL, "fail reject a.test a.test", NULL},
	{"unknown tags and rubbish", "a.test", {AT("a.test", "x=y; ; rubbish; p = reject ;;")}, NULL, NULL, "fail reject a.test a.test", NULL},
	{"pct is not asked", "a.test", {AT("a.test", "p=reject; pct=0")}, NULL, NULL, "fail reject a.test a.test", NULL},

	/* Alignment. */
	{"relaxed, signer above", "m.a.test", {AT("a.test", "p=reject")}, "pass a.test", NULL, "pass reject a.test a.test", "+-"},
	{"relaxed, signer below", "a.test", {AT("a.test", "p=reject")}, "pass x.a.test", NULL, "pass reject a.test a.test", "+-"},
	{"relaxed, signer beside", "m.a.test", {AT("a.test", "p=reject")}, "pass n.a.test", NULL, "pass reject a.test a.test", "+-"},
	{"relaxed, SPF below", "a.test", {AT("a.test", "p=reject")}, NULL, "pass bounces.a.test", "pass reject a.test a.test", "+"},
	{"a name that only ends like it", "a.test", {AT("a.test", "p=reject")}, "pass ba.test", NULL, "fail reject a.test a.test", "--"},
	{"strict, signer below", "a.test", {AT("a.test", "p=reject; adkim=s")}, "pass x.a.test", NULL, "fail reject a.test a.test", "+-"},
	{"strict, same", "a.test", {AT("a.test", "p=reject; adkim=s")}, "pass a.test", NULL, "pass reject a.test a.test", "+-"},
	{"strict for signatures, relaxed for SPF", "a.test", {AT("a.test", "p=reject; adkim=s; aspf=r")}, "pass x.a.test", "pass x.a.test",
		"pass reject a.test a.test", "++"},
	{"strict for SPF", "a.test", {AT("a.test", "p=reject; aspf=s")}, NULL, "pass x.a.test", "fail reject a.test a.test", "+"},
	{"strict that is none is relaxed", "a.test", {AT("a.test", "p=reject; adkim=strict")}, "pass x.a.test", NULL, "pass reject a.test a.test", NULL},
	{"strict in capitals", "a.test", {AT("a.test", "p=reject; adkim=S")}, "pass x.a.test", NULL, "fail reject a.test a.test", NULL},

	/* Subdomains. */
	{"subdomain takes p", "m.a.test", {AT("a.test", "p=reject"), "m.a.test"}, NULL, NULL, "fail reject a.test a.test", NULL},
	{"subdomain takes sp", "m.a.test", {AT("a.test", "p=reject; sp=none"), "m.a.test"}, NULL, NULL, "fail none a.test a.test", NULL},
	{"sp is not the domain's own", "a.test", {AT("a.test", "p=reject; sp=none")}, NULL, NULL, "fail reject a.test a.test", NULL},
	{"subdomain's own record", "m.a.test", {AT("m.a.test", "p=none"), AT("a.test", "p=reject; sp=reject")}, NULL, NULL,
		"fail none a.test m.a.test", NULL},
	{"record in between is nobody's", "x.m.a.test", {AT("m.a.test", "p=none"), AT("a.test", "p=reject"), "x.m.a.test"}, NULL, NULL,
		"fail reject a.test a.test", NULL},
	{"np for a name that is not there", "m.a.test", {AT("a.test", "p=none; sp=quarantine; np=reject")}, NULL, NULL,
		"fail reject a.test a.test", NULL},
	{"np for a name that is there", "m.a.test", {AT("a.test", "p=none; sp=quarantine; np=reject"), "m.a.test"}, NULL, NULL,
		"fail quarantine a.test a.test", NULL},
	{"np, the name has children only", "m.a.test", {AT("a.test", "p=none; np=reject"), "x.m.a.test"}, NULL, NULL,
		"fail none a.test a.test", NULL},
	{"np without sp", "m.a.test", {AT("a.test", "p=quarantine; np=none")}, NULL, NULL, "fail none a.test a.test", NULL},
	{"np is not the domain's own", "a.test", {AT("a.test", "p=none; np=reject")}, NULL, NULL, "fail none a.test a.test", NULL},

	/* Testing. */
	{"t=y makes reject quarantine", "a.test", {AT("a.test", "p=reject; t=y")}, NULL, NULL, "fail quarantine a.test a.test", NULL},
	{"t=y makes quarantine none", "a.test", {AT("a.test", "p=quarantine; t=y")}, NULL, NULL, "fail none a.test a.test", NULL},
	{"t=y leaves none", "a.test", {AT("a.test", "p=none; t=y")}, NULL, NULL, "fail none a.test a.test", NULL},
	{"t=y for a subdomain", "m.a.test", {AT("a.test", "p=none; sp=reject; t=y"), "m.a.test"}, NULL, NULL,
		"fail quarantine a.test a.test", NULL},
	{"t=n", "a.test", {AT("a.test", "p=reject; t=n")}, NULL, NULL, "fail reject a.test a.test", NULL},

	/* Public suffixes and marked organisations. */
	{"psd=y above: its policy, one below is the organisation", "a.bank", {AT("bank", "p=none; sp=reject; psd=y"), "a.bank"}, NULL, NULL,
		"fail reject a.bank bank", NULL},
	{"psd=y and np", "nobody.bank", {AT("bank", "p=none; np=reject; psd=y")}, NULL, NULL, "fail reject nobody.bank bank", NULL},
	{"psd=y, neighbours are strangers", "a.bank", {AT("bank", "p=reject; psd=y")}, "pass b.bank", NULL, "fail reject a.bank bank", "--"},
	{"psd=y, subdomain aligned", "m.a.bank", {AT("bank", "p=reject; psd=y")}, "pass a.bank", NULL, "pass reject a.bank bank", "+-"},
	{"psd=y, the organisation's record applies", "m.a.bank", {AT("a.bank", "p=quarantine"), AT("bank", "p=reject; psd=y")}, NULL, NULL,
		"fail quarantine a.bank a.bank", NULL},
	{"the suffix itself writes", "bank", {AT("bank", "p=reject; psd=y")}, "pass bank", NULL, "pass reject bank bank", "+-"},
	{"the suffix's signature is not its children's", "a.bank", {AT("bank", "p=reject; psd=y")}, "pass bank", NULL, "fail reject a.bank bank", "--"},
	{"psd=n marks the organisation", "x.m.a.test", {AT("m.a.test", "p=reject; psd=n"), AT("a.test", "p=none")}, "pass a.test", NULL,
		"fail reject m.a.test m.a.test", "--"},
	{"psd=n below makes a stranger", "a.test", {AT("a.test", "p=reject"), AT("m.a.test", "p=none; psd=n")}, "pass m.a.test", NULL,
		"fail reject a.test a.test", "--"},
	{"psd=n at the author", "m.a.test", {AT("m.a.test", "p=none; psd=n"), AT("a.test", "p=reject")}, "pass x.m.a.test", NULL,
		"pass none m.a.test m.a.test", "+-"},
	{"psd=u goes on", "m.a.test", {AT("m.a.test", "p=none; psd=u"), AT("a.test", "p=reject")}, "pass a.test", NULL,
		"pass none a.test m.a.test", "+-"},

	/* Many labels: the eighth and further ones are left out. */
	{"eight labels", "a.b.c.d.e.f.g.test", {AT("g.test", "p=reject")}, NULL, NULL, "fail reject g.test g.test", NULL},
	{"nine labels, a record that no walk finds", "a.b.c.d.e.f.g.h.test", {AT("b.c.d.e.f.g.h.test", "p=reject")}, NULL, NULL,
		"none - a.b.c.d.e.f.g.h.test -", NULL},
	{"nine labels, a record at seven", "a.b.c.d.e.f.g.h.test", {AT("c.d.e.f.g.h.test", "p=reject")}, NULL, NULL,
		"fail reject c.d.e.f.g.h.test c.d.e.f.g.h.test", NULL},
	{"twelve labels, their own record", "a.b.c.d.e.f.g.h.i.j.k.test", {AT("a.b.c.d.e.f.g.h.i.j.k.test", "p=reject")}, NULL, NULL,
		"fail reject a.b.c.d.e.f.g.h.i.j.k.test a.b.c.d.e.f.g.h.i.j.k.test", NULL},
	{"psd=y where labels were left out", "a.b.c.d.e.f.g.h.test", {AT("c.d.e.f.g.h.test", "p=reject; psd=y")}, NULL, NULL,
		"fail reject b.c.d.e.f.g.h.test c.d.e.f.g.h.test", NULL},

	/* Trouble. */
	{"nobody knows the policy", "a.test", {"!_dmarc.a.test"}, NULL, NULL, "temperror - - - later", "-"},
	{"nobody knows, but the domain has signed", "a.test", {"!_dmarc.a.test"}, "pass a.test", NULL, "temperror - - -", "+-"},
	{"nobody knows, but SPF passes for the domain", "a.test", {"!_dmarc.a.test"}, NULL, "pass a.test", "temperror - - -", "+"},
	{"nobody knows, and a stranger has signed", "a.test", {"!_dmarc.a.test"}, "pass x.test", NULL, "temperror - - - later", "--"},
	{"trouble above, own record", "m.a.test", {AT("m.a.test", "p=reject"), "!_dmarc.a.test"}, "pass m.a.test", NULL,
		"pass reject - m.a.test", "+-"},
	{"trouble above, own record, signer above", "m.a.test", {AT("m.a.test", "p=reject"), "!_dmarc.a.test"}, "pass a.test", NULL,
		"temperror reject - m.a.test later", "--"},
	{"trouble above, own record, nothing signed", "m.a.test", {AT("m.a.test", "p=reject"), "!_dmarc.a.test"}, NULL, NULL,
		"fail reject - m.a.test", NULL},
	{"trouble above, no own record", "m.a.test", {"!_dmarc.a.test", "m.a.test"}, NULL, NULL, "temperror - - - later", NULL},
	{"trouble above a marked organisation costs nothing", "m.a.test", {AT("m.a.test", "p=reject; psd=n"), "!_dmarc.a.test"}, NULL, NULL,
		"fail reject m.a.test m.a.test", NULL},
	{"trouble at the signer's name", "a.test", {AT("a.test", "p=reject"), "!_dmarc.x.a.test"}, "pass x.a.test", NULL,
		"temperror reject a.test a.test later", "--"},
	{"trouble at the signer's name, SPF passes: the method is open", "a.test", {AT("a.test", "p=reject"), "!_dmarc.x.a.test"}, "pass x.a.test",
		"pass a.test", "pass reject a.test a.test later", "-+"},
	{"key not to be had", "a.test", {AT("a.test", "p=reject")}, "temperror a.test", NULL, "temperror reject a.test a.test later", "+-"},
	{"key not to be had, and no policy", "a.test", {"a.test"}, "temperror a.test", NULL, "none - a.test - later", "+-"},
	{"key not to be had, another passes", "a.test", {AT("a.test", "p=reject")}, "temperror a.test, pass a.test", NULL,
		"pass reject a.test a.test", "++-"},
	{"a stranger's key not to be had", "a.test", {AT("a.test", "p=reject")}, "temperror b.test", NULL, "fail reject a.test a.test", "--"},
	{"nobody knows whether the name is there", "m.a.test", {AT("a.test", "p=none; np=reject"), "!m.a.test"}, NULL, NULL,
		"temperror - a.test a.test later", NULL},
	{"nobody knows whether it is there, but it passes", "m.a.test", {AT("a.test", "p=none; np=reject"), "!m.a.test"}, "pass a.test", NULL,
		"pass - a.test a.test", "+-"},
};

#endif
