/*-------------------------------------------------------------------------
 *
 * duis_parse.c
 *	  Where in a text the one XML document is, found without the server.
 *
 * What a text holds beside its document decides whether it is a message, and
 * the server's parser has one error for that and for a document that is not well
 * formed.  So the text is looked through once for where the root element begins
 * and ends:
 *
 *	document	byte order mark?, XML declaration?, misc*, root, misc*
 *	misc		white space, a comment or a processing instruction
 *	root		an element, found by counting start tags and end tags
 *
 * Nothing else is checked.  A document that is not well formed is not noticed,
 * or noticed as one with something behind its root; the parser has the last word
 * (duis.c).  Markup is ASCII in every server encoding.
 *
 * src/duis_parse.c
 *
 *-------------------------------------------------------------------------
 */
#include "duis_parse.h"

#include <string.h>

#define BYTE_ORDER_MARK		"\xEF\xBB\xBF"

/* What is left of the text */
typedef struct Cursor
{
	const char *ptr;
	const char *end;
} Cursor;

static inline bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * Does the rest begin with a token?
 */
static bool
at(const Cursor *c, const char *token)
{
	size_t		len = strlen(token);

	return (size_t) (c->end - c->ptr) >= len && memcmp(c->ptr, token, len) == 0;
}

/*
 * Pass a token over, where the rest begins with it.
 */
static bool
pass(Cursor *c, const char *token)
{
	if (!at(c, token))
		return false;
	c->ptr += strlen(token);
	return true;
}

/*
 * Pass everything over, up to and including a token.  False, and all of it
 * passed over, where the token does not come.
 */
static bool
pass_through(Cursor *c, const char *token)
{
	while ((c->ptr = memchr(c->ptr, token[0], (size_t) (c->end - c->ptr))) != NULL)
	{
		if (pass(c, token))
			return true;
		c->ptr++;
	}
	c->ptr = c->end;
	return false;
}

/*
 * Pass white space over; true if there was some.
 */
static bool
pass_space(Cursor *c)
{
	const char *start = c->ptr;

	while (c->ptr < c->end && is_space(*c->ptr))
		c->ptr++;
	return c->ptr > start;
}

/*
 * Pass white space, comments and processing instructions over.
 *
 * An XML declaration is one of the latter before the root element, where it is
 * out of place and the parser refuses it; behind it begins another document.
 */
static void
pass_misc(Cursor *c, bool behind_root)
{
	for (;;)
	{
		if (pass(c, "<!--"))
			(void) pass_through(c, "-->");
		else if (at(c, "<?") &&
				 !(behind_root && at(c, "<?xml") &&
				   c->end - c->ptr > 5 && is_space(c->ptr[5])))
			(void) pass_through(c, "?>");
		else if (!pass_space(c))
			return;
	}
}

/*
 * Pass over white space, a name, and a quoted value, as an XML declaration has
 * them.
 */
static bool
pass_setting(Cursor *c, const char *name)
{
	Cursor		mark = *c;

	if (pass_space(c) && pass(c, name))
	{
		(void) pass_space(c);
		if (pass(c, "="))
		{
			(void) pass_space(c);
			if ((pass(c, "\"") && pass_through(c, "\"")) ||
				(pass(c, "'") && pass_through(c, "'")))
				return true;
		}
	}
	*c = mark;
	return false;
}

/*
 * Pass an XML declaration over, whose encoding means nothing in a text that has
 * that of the database.  One that is damaged is left to the parser.
 */
static void
pass_declaration(Cursor *c)
{
	Cursor		mark = *c;

	if (pass(c, "<?xml") && pass_setting(c, "version"))
	{
		(void) pass_setting(c, "encoding");
		(void) pass_setting(c, "standalone");
		(void) pass_space(c);
		if (pass(c, "?>"))
			return;
	}
	*c = mark;
}

/*
 * Pass a tag over, behind its "<".  A ">" in an attribute does not end it.
 * False where the text ends before; *empty is true for <this/>, false for <this>.
 */
static bool
pass_tag(Cursor *c, bool *empty)
{
	while (c->ptr < c->end)
	{
		char		octet = *c->ptr++;

		if (octet == '>')
		{
			*empty = c->ptr[-2] == '/';
			return true;
		}
		if (octet == '"' || octet == '\'')
		{
			const char	quote[2] = {octet, '\0'};

			if (!pass_through(c, quote))
				return false;
		}
	}
	return false;
}

/*
 * Pass the root element over, at whose "<" the cursor stands.  False where the
 * text ends before it.
 */
static bool
pass_root(Cursor *c)
{
	size_t		depth = 0;

	while (pass_through(c, "<"))
	{
		bool		empty = false;

		if (pass(c, "!--"))
		{
			if (!pass_through(c, "-->"))
				return false;
		}
		else if (pass(c, "![CDATA["))
		{
			if (!pass_through(c, "]]>"))
				return false;
		}
		else if (pass(c, "?"))
		{
			if (!pass_through(c, "?>"))
				return false;
		}
		else if (pass(c, "/"))
		{
			if (!pass_through(c, ">"))
				return false;
			if (depth <= 1)
				return true;
			depth--;
		}
		else
		{
			if (!pass_tag(c, &empty))
				return false;
			if (!empty)
				depth++;
			else if (depth == 0)
				return true;
		}
	}
	return false;
}

/*
 * Find the document in len octets at str.
 *
 * POA_DUIS_DOCUMENT: *extent is it, well formed or not.  POA_DUIS_MORE: *extent
 * is the root element and what precedes it.
 */
PoaDuisStatus
poa_duis_find_document(const char *str, size_t len, PoaDuisExtent *extent)
{
	Cursor		c = {str, str + len};

	(void) pass(&c, BYTE_ORDER_MARK);
	do
	{
		pass_declaration(&c);
		extent->start = (size_t) (c.ptr - str);
		pass_misc(&c, false);
	} while (pass(&c, BYTE_ORDER_MARK));
	extent->end = len;

	if (at(&c, "<!DOCTYPE"))
		return POA_DUIS_DOCTYPE;
	if (!at(&c, "<"))
		return POA_DUIS_NO_ROOT;
	if (!pass_root(&c))
		return POA_DUIS_DOCUMENT;
	extent->end = (size_t) (c.ptr - str);
	pass_misc(&c, true);
	if (c.ptr < c.end)
		return POA_DUIS_MORE;
	extent->end = len;
	return POA_DUIS_DOCUMENT;
}
