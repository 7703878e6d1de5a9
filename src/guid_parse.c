/*-------------------------------------------------------------------------
 *
 * guid_parse.c
 *	  Text form of an EUI-64, read and written without the server.
 *
 * Nothing here needs PostgreSQL's headers, so that the reader can be fuzzed
 * alone.  Character classes are decided by tables, never by the locale.
 *
 * src/guid_parse.c
 *
 *-------------------------------------------------------------------------
 */
#include "guid_parse.h"

#define GUID_OCTETS		8
#define BARE_LENGTH		16
#define NOT_HEX			0x80

#define X NOT_HEX
static const uint8_t hex_value[256] = {
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, X, X, X, X, X, X,
	X, 10, 11, 12, 13, 14, 15, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, 10, 11, 12, 13, 14, 15, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
};
#undef X

/*
 * Is this one of the six ASCII white space characters?
 */
static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * Read a guid from len bytes at str, which need no terminating NUL.
 *
 * Accepted are sixteen hex digits of any case, bare or with one separator ('-'
 * or ':', the same throughout) between every two digits, with white space
 * around.  Returns false, and leaves *guid alone, for anything else.
 *
 * The digits are gathered without a branch each: a wrong one leaves NOT_HEX in
 * "wrong", which is looked at once.
 */
bool
poa_guid_parse(const char *str, size_t len, uint64_t *guid)
{
	const unsigned char *s;
	size_t		stride;
	uint64_t	value = 0;
	uint8_t		wrong = 0;

	while (len > 0 && is_space(str[0]))
		str++, len--;
	while (len > 0 && is_space(str[len - 1]))
		len--;

	s = (const unsigned char *) str;
	if (len == POA_GUID_TEXT_LENGTH)
	{
		unsigned char separator = s[2];

		if (separator != '-' && separator != ':')
			return false;
		for (int i = 5; i < POA_GUID_TEXT_LENGTH; i += 3)
			if (s[i] != separator)
				return false;
		stride = 3;
	}
	else if (len == BARE_LENGTH)
		stride = 2;
	else
		return false;

	for (int i = 0; i < GUID_OCTETS; i++, s += stride)
	{
		uint8_t		high = hex_value[s[0]];
		uint8_t		low = hex_value[s[1]];

		wrong |= high | low;
		value = (value << 8) | (uint64_t) (((high & 0x0F) << 4) | (low & 0x0F));
	}
	if (wrong & NOT_HEX)
		return false;

	*guid = value;
	return true;
}

/*
 * Write the canonical text of a guid, upper case with hyphens, to out, which
 * has room for POA_GUID_TEXT_LENGTH bytes.  No NUL is added.
 */
void
poa_guid_print(uint64_t guid, char *out)
{
	static const char digits[] = "0123456789ABCDEF";

	for (int shift = 56; shift >= 0; shift -= 8)
	{
		uint8_t		octet = (uint8_t) (guid >> shift);

		*out++ = digits[octet >> 4];
		*out++ = digits[octet & 0x0F];
		if (shift > 0)
			*out++ = '-';
	}
}
