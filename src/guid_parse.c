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

#include <string.h>

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
 * Read eight pairs of hex digits, "stride" characters apart.  The digits are
 * gathered without a branch each: a wrong one leaves NOT_HEX in "wrong", which
 * is looked at once.
 */
static inline bool
read_pairs(const unsigned char *s, size_t stride, uint64_t *guid)
{
	uint64_t	value = 0;
	uint8_t		wrong = 0;

#define READ_PAIR(i) \
	wrong |= hex_value[s[(i) * stride]] | hex_value[s[(i) * stride + 1]], \
	value = value << 8 | (uint64_t) hex_value[s[(i) * stride]] << 4 | hex_value[s[(i) * stride + 1]]

	READ_PAIR(0);
	READ_PAIR(1);
	READ_PAIR(2);
	READ_PAIR(3);
	READ_PAIR(4);
	READ_PAIR(5);
	READ_PAIR(6);
	READ_PAIR(7);
#undef READ_PAIR

	if (wrong & NOT_HEX)
		return false;
	*guid = value;
	return true;
}

/*
 * Read a guid from len bytes at str, which need no terminating NUL.
 *
 * Accepted are sixteen hex digits of any case, bare or with one separator ('-'
 * or ':', the same throughout) between every two digits, with white space
 * around.  Returns false, and leaves *guid alone, for anything else.
 */
bool
poa_guid_parse(const char *str, size_t len, uint64_t *guid)
{
	const unsigned char *s;

	while (len > 0 && is_space(str[0]))
		str++, len--;
	while (len > 0 && is_space(str[len - 1]))
		len--;

	s = (const unsigned char *) str;
	if (len == POA_GUID_TEXT_LENGTH)
	{
		unsigned char first = s[2];

		if ((first != '-' && first != ':') ||
			((s[5] ^ first) | (s[8] ^ first) | (s[11] ^ first) |
			 (s[14] ^ first) | (s[17] ^ first) | (s[20] ^ first)) != 0)
			return false;
		return read_pairs(s, 3, guid);
	}
	return len == BARE_LENGTH && read_pairs(s, 2, guid);
}

#define DIGIT_PAIRS(high) \
	high "0" high "1" high "2" high "3" high "4" high "5" high "6" high "7" \
	high "8" high "9" high "A" high "B" high "C" high "D" high "E" high "F"

/* the two digits of each octet, one after the other */
static const char digit_pairs[] = {
	DIGIT_PAIRS("0") DIGIT_PAIRS("1") DIGIT_PAIRS("2") DIGIT_PAIRS("3")
	DIGIT_PAIRS("4") DIGIT_PAIRS("5") DIGIT_PAIRS("6") DIGIT_PAIRS("7")
	DIGIT_PAIRS("8") DIGIT_PAIRS("9") DIGIT_PAIRS("A") DIGIT_PAIRS("B")
	DIGIT_PAIRS("C") DIGIT_PAIRS("D") DIGIT_PAIRS("E") DIGIT_PAIRS("F")
};

/*
 * Write the canonical text of a guid, upper case with hyphens, to out, which
 * has room for POA_GUID_TEXT_LENGTH bytes.  No NUL is added.
 */
void
poa_guid_print(uint64_t guid, char *out)
{
	memcpy(out, &digit_pairs[2 * (guid >> 56)], 2);
	for (int shift = 48; shift >= 0; shift -= 8)
	{
		out[2] = '-';
		out += 3;
		memcpy(out, &digit_pairs[2 * (guid >> shift & 0xFF)], 2);
	}
}
