/*-------------------------------------------------------------------------
 *
 * unit.c
 *	  Tests of the readers that need no server.
 *
 *	cc -g -fsanitize=address,undefined -Isrc tools/fuzz/unit.c src/[dg]*_parse.c
 *		-o unit && ./unit [CORPUS_DIRECTORY]
 *
 * With the name of a directory, writes the seed corpus of the fuzzers there,
 * to its subdirectories gbcs, datetime and duis.  The last line tells how many checks
 * passed and failed; the exit status is 1 where one failed.
 *
 * tools/fuzz/unit.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datetime_parse.h"
#include "duis_parse.h"
#include "gbcs_parse.h"

#define lengthof(array)	(sizeof(array) / sizeof((array)[0]))
#define MAX_MESSAGE		512

static int	passed = 0;
static int	failed = 0;

static void
check(bool condition, const char *what, const char *subject)
{
	if (condition)
		passed++;
	else
	{
		failed++;
		printf("FAILED: %s: %s\n", what, subject);
	}
}

/*------------------------------------------------------------------------
 * Instants
 *------------------------------------------------------------------------
 */

#define SECOND			INT64_C(1000000)
#define HOUR			(3600 * SECOND)
#define DAY				(24 * HOUR)
#define YEAR_1			INT64_C(-63082281600000000)
#define YEAR_10000		(POA_GBCS_CANCELLATION + SECOND)
#define JAN_15_2030_9H	INT64_C(948013200000000)

typedef struct InstantTest
{
	const char *text;
	int64_t		usecs;
} InstantTest;

static const InstantTest xs_valid[] = {
	{"2000-01-01T00:00:00Z", 0},
	{"2000-01-01T00:00:00", 0},
	{" \t\r\n2000-01-01T00:00:00Z\n \r\t", 0},
	{"1999-12-31T23:59:59Z", -SECOND},
	{"2030-01-15T09:00:00Z", JAN_15_2030_9H},
	{"2030-01-15T10:00:00+01:00", JAN_15_2030_9H},
	{"2030-01-14T22:30:00-10:30", JAN_15_2030_9H},
	{"2030-01-15T09:00:00-00:00", JAN_15_2030_9H},
	{"2030-01-15T23:00:00+14:00", JAN_15_2030_9H},
	{"2030-01-14T19:00:00-14:00", JAN_15_2030_9H},
	{"2030-01-15T09:00:00.5", JAN_15_2030_9H + SECOND / 2},
	{"2030-01-15T09:00:00.000001Z", JAN_15_2030_9H + 1},
	{"2030-01-15T09:00:00.0000004Z", JAN_15_2030_9H},
	{"2030-01-15T09:00:00.0000005Z", JAN_15_2030_9H + 1},
	{"2030-01-15T09:00:00.00000049999999999999999999999999999999Z", JAN_15_2030_9H},
	{"2030-01-15T08:59:59.9999995Z", JAN_15_2030_9H},
	{"2030-01-15T09:00:00.123456789012345678901234567890+00:00", JAN_15_2030_9H + 123457},
	{"1999-12-31T24:00:00Z", 0},
	{"1999-12-31T24:00:00.0000000000Z", 0},
	{"1999-12-31T24:00:00+01:00", -HOUR},
	{"1999-12-31T23:59:59.9999999Z", 0},
	{"2000-02-29T00:00:00Z", 59 * DAY},
	{"2000-03-01T00:00:00Z", 60 * DAY},
	{"2001-03-01T00:00:00Z", (366 + 59) * DAY},
	{"0001-01-01T00:00:00Z", YEAR_1},
	{"0001-01-01T00:00:00+14:00", YEAR_1 - 14 * HOUR},
	{"9999-12-31T23:59:59Z", POA_GBCS_CANCELLATION},
	{"9999-12-31T24:00:00-14:00", YEAR_10000 + 14 * HOUR},
	{"3000-12-31T00:00:00Z", POA_DUIS_CANCELLATION},
	{"3000-12-31T00:00:00.000", POA_DUIS_CANCELLATION}
};

static const char *const xs_invalid[] = {
	"", " ", "2030", "2030-01-15", "2030-01-15T09:00", "2030-01-15T09:00:00z",
	"2030-01-15 09:00:00Z", "2030-01-15t09:00:00Z", "2030-01-15T09:00:00 Z",
	"2030-01-15T09:00:00ZZ", "2030-01-15T09:00:00Zx", "x2030-01-15T09:00:00Z",
	"+2030-01-15T09:00:00Z", "-2030-01-15T09:00:00Z", "12030-01-15T09:00:00Z",
	"030-01-15T09:00:00Z", "0000-01-01T00:00:00Z", "2030-1-15T09:00:00Z",
	"2030-00-15T09:00:00Z", "2030-13-15T09:00:00Z", "2030-01-00T09:00:00Z",
	"2030-01-32T09:00:00Z", "2030-04-31T09:00:00Z", "2030-02-29T09:00:00Z",
	"2100-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
	"2030-01-15T25:00:00Z", "2030-01-15T09:60:00Z", "2030-01-15T09:00:60Z",
	"2030-01-15T24:00:01Z", "2030-01-15T24:01:00Z", "2030-01-15T24:00:00.1Z",
	"2030-01-15T24:00:00.00000000001Z", "2030-02-29T24:00:00Z",
	"2030-01-15T09:00:00.", "2030-01-15T09:00:00.Z", "2030-01-15T09:00:00,5Z",
	"2030-01-15T09:00:00.5.5Z", "2030-01-15T09:00:00+01", "2030-01-15T09:00:00+0100",
	"2030-01-15T09:00:00+1:00", "2030-01-15T09:00:00+01:60",
	"2030-01-15T09:00:00+14:01", "2030-01-15T09:00:00-15:00",
	"2030-01-15T09:00:00+01:00Z", "2030-01-15T09:00:00\v", "2030-01-15T09:00:0 Z",
	"20300115090000Z", "infinity", "now"
};

static const InstantTest generalized_valid[] = {
	{"20000101000000Z", 0},
	{"20300115090000Z", JAN_15_2030_9H},
	{"20000229235959Z", 60 * DAY - SECOND},
	{"00010101000000Z", YEAR_1},
	{"99991231235959Z", POA_GBCS_CANCELLATION},
	{"30001231000000Z", POA_DUIS_CANCELLATION}
};

static const char *const generalized_invalid[] = {
	"", "Z", "20300115090000", "20300115090000z", "20300115090000Z ",
	" 20300115090000Z", "203001150900Z", "20300115090000.5Z",
	"20300115090000+0000", "00000101000000Z", "20301315090000Z",
	"20300015090000Z", "20300132090000Z", "20300100090000Z", "20300229090000Z",
	"20300115240000Z", "20300115096000Z", "20300115090060Z", "2030011509000OZ",
	"-0300115090000Z"
};

static void
test_instants(void)
{
	int64_t		usecs;
	char	   *fraction;
	const size_t length = 10000000;

	for (size_t i = 0; i < lengthof(xs_valid); i++)
		check(poa_xs_datetime_parse(xs_valid[i].text, strlen(xs_valid[i].text), &usecs) &&
			  usecs == xs_valid[i].usecs,
			  "valid xs:dateTime", xs_valid[i].text);
	for (size_t i = 0; i < lengthof(xs_invalid); i++)
		check(!poa_xs_datetime_parse(xs_invalid[i], strlen(xs_invalid[i]), &usecs),
			  "invalid xs:dateTime", xs_invalid[i]);
	check(!poa_xs_datetime_parse("2030-01-15T09:00:00Z\0", 21, &usecs),
		  "invalid xs:dateTime", "a NUL at its end");

	for (size_t i = 0; i < lengthof(generalized_valid); i++)
		check(poa_generalized_time_parse(generalized_valid[i].text,
										 strlen(generalized_valid[i].text), &usecs) &&
			  usecs == generalized_valid[i].usecs,
			  "valid GeneralizedTime", generalized_valid[i].text);
	for (size_t i = 0; i < lengthof(generalized_invalid); i++)
		check(!poa_generalized_time_parse(generalized_invalid[i],
										  strlen(generalized_invalid[i]), &usecs),
			  "invalid GeneralizedTime", generalized_invalid[i]);

	/* a fraction may be of any length, and no digit of it is lost */
	fraction = malloc(length);
	if (fraction == NULL)
		abort();
	memset(fraction, '9', length);
	memcpy(fraction, "2030-01-15T08:59:59.", 20);
	check(poa_xs_datetime_parse(fraction, length, &usecs) && usecs == JAN_15_2030_9H,
		  "valid xs:dateTime", "a fraction of ten million digits");
	memset(fraction + 20, '0', length - 20);
	memcpy(fraction, "2030-01-14T24:00:00.", 20);
	check(poa_xs_datetime_parse(fraction, length, &usecs) &&
		  usecs == JAN_15_2030_9H - 9 * HOUR,
		  "valid xs:dateTime", "hour 24 with ten million zeros");
	fraction[length - 1] = '1';
	check(!poa_xs_datetime_parse(fraction, length, &usecs),
		  "invalid xs:dateTime", "hour 24 and very little more");
	free(fraction);
}

/*------------------------------------------------------------------------
 * GBCS messages
 *------------------------------------------------------------------------
 */

#define SUPPLIER		"90B3D51F30010000"
#define METER			"00DB1234567890A0"
#define SUPPLIER_ID		UINT64_C(0x90B3D51F30010000)
#define METER_ID		UINT64_C(0x00DB1234567890A0)

/* between supplier and meter, each way; a counter is eight octets */
#define COMMAND(counter)	"DF0901" counter "08" SUPPLIER "08" METER "00"
#define RESPONSE(counter)	"DF0902" counter "08" METER "08" SUPPLIER "0C07DF0101FF000000008000FF"
#define ALERT(counter)		"DF0903" counter "08" METER "08" SUPPLIER "00"

#define C1000			"00000000000003E8"
#define C1001			"00000000000003E9"
#define C1002			"00000000000003EA"
#define HASH_31			"AA758690730934FF0685AA758690730934FF06856577889900112233445566"
#define HASH			HASH_31 "77"
#define SIGNATURE		"40" \
	"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F" \
	"202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F"
#define MAC				"A0A1A2A3A4A5A6A7A8A9AAAB"
#define VERSION			"04040123ABCF"

/* the two pre-commands and the alert of the reference data */
#define IMMEDIATE		COMMAND(C1000) "0200122830260420" HASH "020203E8"
#define FUTURE			COMMAND(C1001) "0200123930370420" HASH "020203E9" \
	"180F32303330303131353039303030305A"
#define CANCELLATION	COMMAND(C1002) "0200123930370420" HASH "020203EA" \
	"180F39393939313233313233353935395A"
#define ALERT_8F66		ALERT("00000000000007D0") "0200CA2730250203008F66" \
	"180F32303330303131353039303030305A020203E930090201000404" "0123ABCF"

#define RESPONSE_CODE(code)	RESPONSE(C1000) "0200120B3009" "0201" code VERSION
#define ALERT_CODE(alert, code) ALERT("00000000000007D1") "0200CA273025" "020300" alert \
	"180F32303330303131353039303030305A020203E93009" "0201" code VERSION

/* 8F85 of the reference data, to the party itself and to a supplementary one */
#define NOTIFICATION(code, what)	"250F200007D0000203128F" code "090C07DF0101FF000000008000FF" what
#define UNSUPPORTED		ALERT("00000000000007D0") "020120" NOTIFICATION("85", "090A001200000000000186A0")

/* a command whose counter is written as an INTEGER of so many octets */
#define COUNTED(counter, content, sequence, integer) \
	COMMAND(counter) "020012" content "30" sequence "0420" HASH "02" integer

typedef struct MessageTest
{
	const char *name;
	const char *hex;
	PoaGbcsStatus status;
	PoaGbcsActivation expected; /* where it is OK or UNSUPPORTED */
	const char *field;			/* where it is POA_GBCS_INVALID */
} MessageTest;

#define IS(...)			POA_GBCS_OK, {__VA_ARGS__}, NULL
#define NOT_CS06		POA_GBCS_NOT_CS06, {.kind = 0}, NULL
#define INVALID(field)	POA_GBCS_INVALID, {.kind = 0}, field

#define IS_COMMAND(number, ...) \
	IS(.kind = POA_GBCS_COMMAND, .originator = SUPPLIER_ID, \
	   .recipient = METER_ID, .counter = (number), HAS_HASH, __VA_ARGS__)
#define IS_RESPONSE(number, ...) \
	IS(.kind = POA_GBCS_RESPONSE, .originator = METER_ID, \
	   .recipient = SUPPLIER_ID, .counter = (number), __VA_ARGS__)
#define IS_ALERT(...) \
	IS(.kind = POA_GBCS_ALERT, .originator = METER_ID, \
	   .recipient = SUPPLIER_ID, .counter = 1001, \
	   .has_time = true, .usecs = JAN_15_2030_9H, __VA_ARGS__, HAS_VERSION)
#define HAS_VERSION \
	.has_firmware_version = true, .firmware_version = {0x01, 0x23, 0xAB, 0xCF}
#define HAS_HASH \
	.has_firmware_hash = true, .firmware_hash = { \
		0xAA, 0x75, 0x86, 0x90, 0x73, 0x09, 0x34, 0xFF, 0x06, 0x85, 0xAA, 0x75, 0x86, 0x90, 0x73, 0x09, \
		0x34, 0xFF, 0x06, 0x85, 0x65, 0x77, 0x88, 0x99, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77}
#define IS_UNSUPPORTED \
	POA_GBCS_UNSUPPORTED, {.kind = POA_GBCS_ALERT, .originator = METER_ID, \
	   .recipient = SUPPLIER_ID, .counter = 100000}, NULL

static const MessageTest messages[] = {
	/* the vectors, and what the two protections make of them */
	{"immediate", IMMEDIATE, IS_COMMAND(1000,.has_time = false)},
	{"future", FUTURE, IS_COMMAND(1001,.has_time = true,.usecs = JAN_15_2030_9H)},
	{"cancellation", CANCELLATION,
	IS_COMMAND(1002,.has_time = true,.usecs = POA_GBCS_CANCELLATION,.cancels = true)},
	{"alert", ALERT_8F66 SIGNATURE, IS_ALERT(.outcome = POA_GBCS_SUCCEEDED)},
	{"alert_unsigned", ALERT_8F66, IS_ALERT(.outcome = POA_GBCS_SUCCEEDED)},
	{"immediate_signed", IMMEDIATE SIGNATURE, IS_COMMAND(1000,.has_time = false)},
	{"immediate_empty_signature", IMMEDIATE "00", IS_COMMAND(1000,.has_time = false)},
	{"immediate_mac", "DD000000000000" "819C" "1100000000" IMMEDIATE SIGNATURE MAC,
	IS_COMMAND(1000,.has_time = false)},
	{"immediate_mac_unsigned", "DD000000000000" "5C" "1100000000" IMMEDIATE "00" MAC,
	IS_COMMAND(1000,.has_time = false)},
	{"immediate_mac_no_signature", "DD000000000000" "5B" "1100000000" IMMEDIATE MAC,
	IS_COMMAND(1000,.has_time = false)},
	{"immediate_header_no_mac", "DD000000000000" "8190" "1100000000" IMMEDIATE SIGNATURE,
	IS_COMMAND(1000,.has_time = false)},
	{"future_mac", "DD000000000000" "81AD" "1100000000" FUTURE SIGNATURE MAC,
	IS_COMMAND(1001,.has_time = true,.usecs = JAN_15_2030_9H)},
	{"future_mac_long_length", "DD000000000000" "8200AD" "1100000000" FUTURE SIGNATURE MAC,
	IS_COMMAND(1001,.has_time = true,.usecs = JAN_15_2030_9H)},

	/* responses and alerts */
	{"accepted", RESPONSE(C1001) "020012" "020500" SIGNATURE,
	IS_RESPONSE(1001,.outcome = POA_GBCS_ACCEPTED)},
	{"succeeded", RESPONSE_CODE("00") SIGNATURE,
	IS_RESPONSE(1000,.outcome = POA_GBCS_SUCCEEDED, HAS_VERSION)},
	{"no_image_held", RESPONSE_CODE("01") SIGNATURE,
	IS_RESPONSE(1000,.outcome = POA_GBCS_NO_IMAGE_HELD, HAS_VERSION)},
	{"hash_mismatch", RESPONSE_CODE("02") SIGNATURE,
	IS_RESPONSE(1000,.outcome = POA_GBCS_HASH_MISMATCH, HAS_VERSION)},
	{"activation_failure", RESPONSE_CODE("03") SIGNATURE,
	IS_RESPONSE(1000,.outcome = POA_GBCS_ACTIVATION_FAILURE, HAS_VERSION)},
	{"succeeded_mac", "DD000000000000" "818B" "1100000000" RESPONSE_CODE("00") SIGNATURE MAC,
	IS_RESPONSE(1000,.outcome = POA_GBCS_SUCCEEDED, HAS_VERSION)},
	{"alert_hash_mismatch", ALERT_CODE("8F67", "02") SIGNATURE,
	IS_ALERT(.outcome = POA_GBCS_HASH_MISMATCH)},
	{"alert_activation_failure", ALERT_CODE("8F67", "03") SIGNATURE,
	IS_ALERT(.outcome = POA_GBCS_ACTIVATION_FAILURE)},

	/* the device does not support the command, or another one */
	{"unsupported", UNSUPPORTED SIGNATURE, IS_UNSUPPORTED},
	{"unsupported_unsigned", UNSUPPORTED, IS_UNSUPPORTED},
	{"unsupported_supplementary",
		"DF0903" "00000000000007D1" "08" METER "08" "90B3D51F30000002" "00" "120120" SUPPLIER "0000000000030D40"
	NOTIFICATION("85", "090A001200000000000186A0") SIGNATURE, IS_UNSUPPORTED},
	{"unsupported_other", ALERT("00000000000007D0") "020120" NOTIFICATION("85", "090A001500000000000186A0"), NOT_CS06},
	{"unsupported_alert_code", ALERT("00000000000007D0") "020120" NOTIFICATION("84", "090A001200000000000186A0"),
	INVALID("alert code")},
	{"unsupported_no_command", ALERT("00000000000007D0") "020120" "190F200007D0000202128F85090C07DF0101FF000000008000FF",
	INVALID("alert payload")},
	{"unsupported_short_counter", ALERT("00000000000007D0") "020120" "240F200007D0000203128F85090C07DF0101FF000000008000FF"
	"0909001200000000000186", INVALID("command in the payload")},
	{"unsupported_and_more", ALERT("00000000000007D0") "020120" "260F200007D0000203128F85090C07DF0101FF000000008000FF"
	"090A001200000000000186A000", INVALID("content")},
	{"unsupported_in_command", COMMAND(C1000) "020120" "00", NOT_CS06},

	/* lengths and numbers that are unusual but right */
	{"long_lengths",
		COMMAND(C1000) "020012" "812C" "308129" "048120" HASH "02820002" "03E8",
	IS_COMMAND(1000,.has_time = false)},
	{"longer_lengths",
		COMMAND(C1000) "82000A" "0012" "90B3D51F30020000" "82002C" "30820028" "0420" HASH "020400" "0003E8",
	IS_COMMAND(1000,.has_time = false)},
	{"date_time_present",
		"DF0901" C1000 "08" SUPPLIER "08" METER "0C07DF0101FF000000008000FF"
		"0200122830260420" HASH "020203E8",
	IS_COMMAND(1000,.has_time = false)},
	{"counter_0", COUNTED("0000000000000000", "27", "25", "0100"),
	IS_COMMAND(0,.has_time = false)},
	{"counter_max", COUNTED("FFFFFFFFFFFFFFFF", "2F", "2D", "0900FFFFFFFFFFFFFFFF"),
	IS_COMMAND(UINT64_MAX,.has_time = false)},
	{"counter_bigint_max", COUNTED("7FFFFFFFFFFFFFFF", "2E", "2C", "087FFFFFFFFFFFFFFF"),
	IS_COMMAND(INT64_MAX,.has_time = false)},

	/* other use cases */
	{"other_command", COMMAND(C1000) "020008" "00", NOT_CS06},
	{"other_alert", ALERT(C1000) "0200CC" "01FF", NOT_CS06},
	{"other_content_cut", COMMAND(C1000) "020013", NOT_CS06},
	{"other_blocks", "DD0902" C1000 "08" METER "08" SUPPLIER "00" "020014" "00" "0A" "1100000000", NOT_CS06},

	/* headers */
	{"empty", "", INVALID("message tag")},
	{"hex_text", "44463039", INVALID("message tag")},
	{"tag_only", "DF", INVALID("transaction identifier")},
	{"ciphering_only", "DD", INVALID("transaction identifier")},
	{"ciphering_cut", "DD00", INVALID("MAC header")},
	{"transaction_identifier", "DF0801", INVALID("transaction identifier")},
	{"flag", "DF0904" C1000 "08" SUPPLIER "08" METER "00020008", INVALID("command, response or alert flag")},
	{"flag_0", "DF0900", INVALID("command, response or alert flag")},
	{"originator_length", "DF0901" C1000 "07" SUPPLIER, INVALID("originator")},
	{"recipient_cut", "DF0901" C1000 "08" SUPPLIER "08" "00DB", INVALID("recipient")},
	{"date_time_overruns", "DF0901" C1000 "08" SUPPLIER "08" METER "7F020012", INVALID("date-time")},
	{"date_time_indefinite", "DF0901" C1000 "08" SUPPLIER "08" METER "80020012", INVALID("date-time")},
	{"other_information_long_length", COMMAND(C1000) "8300000200" "12", INVALID("other information")},
	{"other_information_empty", COMMAND(C1000) "00" "0012", INVALID("message code")},
	{"other_information_short", COMMAND(C1000) "01" "0012", INVALID("message code")},
	{"blocks", "DD0901" C1000 "08" SUPPLIER "08" METER "00" "020012" "00", INVALID("message tag")},
	{"code_of_alert_in_command", COMMAND(C1000) "0200CA" "00", INVALID("message code")},
	{"code_of_command_in_alert", ALERT(C1000) "020012" "00", INVALID("message code")},

	/* the MAC header and what goes with it */
	{"mac_header_identifier", "DD000100000000" "819C" "1100000000" IMMEDIATE SIGNATURE MAC, INVALID("MAC header")},
	{"mac_header_overruns", "DD000000000000" "819D" "1100000000" IMMEDIATE SIGNATURE MAC, INVALID("MAC header")},
	{"mac_header_falls_short", "DD000000000000" "819B" "1100000000" IMMEDIATE SIGNATURE MAC, INVALID("MAC")},
	{"mac_header_indefinite", "DD000000000000" "80" "1100000000" IMMEDIATE SIGNATURE MAC, INVALID("MAC header")},
	{"mac_header_on_nothing", "DD000000000000" "00", INVALID("MAC header")},
	{"mac_header_blank_but_one", "DD000000000000" "00000000000001" IMMEDIATE, INVALID("MAC")},
	{"mac_header_on_no_mac", "DD000000000000" "05" "1100000000", INVALID("message tag")},
	{"mac_header_on_itself", "DD000000000000" "12" "1100000000" "DD" MAC, INVALID("message tag")},
	{"mac_without_header", IMMEDIATE SIGNATURE MAC, INVALID("signature")},

	/* signatures */
	{"signature_cut", IMMEDIATE "4000", INVALID("signature")},
	{"signature_short", IMMEDIATE "0400112233", INVALID("signature")},
	{"trailing_octet", IMMEDIATE SIGNATURE "00", INVALID("signature")},
	{"trailing_octet_unsigned", IMMEDIATE "FF", INVALID("signature")},
	{"trailing_octets_empty_signature", IMMEDIATE "0000", INVALID("signature")},

	/* payloads of commands */
	{"content_overruns", COMMAND(C1000) "0200122930260420" HASH "020203E8", INVALID("content")},
	{"content_falls_short", COMMAND(C1000) "0200122730260420" HASH "020203E8", INVALID("command payload")},
	{"content_empty", COMMAND(C1000) "02001200", INVALID("command payload")},
	{"content_too_long", COMMAND(C1000) "0200122A30260420" HASH "020203E80500", INVALID("content")},
	{"sequence_indefinite", COMMAND(C1000) "0200122830800420" HASH "020203E8", INVALID("command payload")},
	{"sequence_short", COMMAND(C1000) "0200122830250420" HASH "020203E8", INVALID("originator counter in the payload")},
	{"hash_31", COMMAND(C1000) "0200122730" "25041F" HASH_31 "020203E8",
	INVALID("manufacturer image hash")},
	{"hash_tag", COMMAND(C1000) "0200122830260320" HASH "020203E8", INVALID("manufacturer image hash")},
	{"counter_differs", COMMAND(C1001) "0200122830260420" HASH "020203E8", INVALID("originator counter in the payload")},
	{"counter_empty", COUNTED(C1000, "26", "24", "00"), INVALID("originator counter in the payload")},
	{"counter_negative", COUNTED("FFFFFFFFFFFFFFFF", "27", "25", "01FF"), INVALID("originator counter in the payload")},
	{"counter_65_bits", COUNTED(C1000, "2F", "2D", "09010000000000000000"), INVALID("originator counter in the payload")},
	{"counter_80_bits", COUNTED(C1000, "30", "2E", "0A01" "0000000000000003E8"), INVALID("originator counter in the payload")},
	{"time_of_february_30", COMMAND(C1001) "0200123930370420" HASH "020203E9" "180F32303330303233303039303030305A",
	INVALID("execution date-time")},
	{"time_without_zone", COMMAND(C1001) "0200123830360420" HASH "020203E9" "180E3230333030313135303930303030",
	INVALID("execution date-time")},
	{"time_tag", COMMAND(C1001) "0200123930370420" HASH "020203E9" "170F32303330303131353039303030305A",
	INVALID("execution date-time")},
	{"after_time", COMMAND(C1001) "0200123B30390420" HASH "020203E9" "180F32303330303131353039303030305A" "0500",
	INVALID("command payload")},

	/* payloads of responses and alerts */
	{"response_empty", RESPONSE(C1000) "02001200", INVALID("execution outcome")},
	{"response_null_not_empty", RESPONSE(C1000) "020012" "03050100", INVALID("acceptance")},
	{"response_null_cut", RESPONSE(C1000) "020012" "0105", INVALID("acceptance")},
	{"response_null_and_more", RESPONSE(C1000) "020012" "0405000500", INVALID("content")},
	{"response_code_4", RESPONSE_CODE("04"), INVALID("response code")},
	{"response_code_negative", RESPONSE_CODE("FF"), INVALID("response code")},
	{"version_short", RESPONSE(C1000) "020012" "0A3008" "020100" "04030123AB", INVALID("firmware version")},
	{"version_missing", RESPONSE(C1000) "020012" "053003" "020100", INVALID("firmware version")},
	{"outcome_and_more", RESPONSE(C1000) "020012" "0D300B" "020100" VERSION "0500", INVALID("execution outcome")},
	{"alert_code", ALERT_CODE("8F68", "00"), INVALID("alert code")},
	{"alert_code_contradicts", ALERT_CODE("8F67", "00"), INVALID("alert code")},
	{"alert_code_contradicts_too", ALERT_CODE("8F66", "03"), INVALID("alert code")},
	{"alert_and_more",
		ALERT(C1000) "0200CA" "293027" "0203008F66" "180F32303330303131353039303030305A020203E93009020100" VERSION "0500",
	INVALID("alert payload")}
};

static size_t
from_hex(const char *hex, uint8_t *octets)
{
	size_t		n = 0;

	for (; hex[0] != '\0'; hex += 2)
	{
		unsigned int octet;

		if (n == MAX_MESSAGE || hex[1] == '\0' ||
			sscanf(hex, "%2x", &octet) != 1)
			abort();
		octets[n++] = (uint8_t) octet;
	}
	return n;
}

/*
 * Parse a copy of exactly this size, so that the sanitizer sees a read behind
 * it.
 */
static PoaGbcsStatus
parse_copy(const uint8_t *octets, size_t n, PoaGbcsActivation *result,
		   PoaGbcsError *err)
{
	uint8_t    *copy = malloc(n > 0 ? n : 1);
	PoaGbcsStatus status;

	if (copy == NULL)
		abort();
	memcpy(copy, octets, n);
	status = poa_gbcs_activation_parse(copy, n, result, err);
	free(copy);
	return status;
}

static bool
same_activation(const PoaGbcsActivation *a, const PoaGbcsActivation *b)
{
	return a->kind == b->kind && a->originator == b->originator &&
		a->recipient == b->recipient && a->counter == b->counter &&
		a->has_time == b->has_time && a->usecs == b->usecs &&
		a->cancels == b->cancels && a->outcome == b->outcome &&
		a->has_firmware_hash == b->has_firmware_hash &&
		memcmp(a->firmware_hash, b->firmware_hash, sizeof(a->firmware_hash)) == 0 &&
		a->has_firmware_version == b->has_firmware_version &&
		memcmp(a->firmware_version, b->firmware_version,
			   sizeof(a->firmware_version)) == 0;
}

/*
 * A message that is cut off is not read, unless it is cut where a pre-command
 * ends; then it says the same.  No octet, whatever it is changed to, makes the
 * reader run away (the sanitizers would tell).
 */
static void
test_damage(const MessageTest *test, uint8_t *octets, size_t n)
{
	PoaGbcsActivation result;
	PoaGbcsError err;
	size_t		legal_ends = 0;

	for (size_t cut = 0; cut < n; cut++)
	{
		PoaGbcsStatus status = parse_copy(octets, cut, &result, &err);

		if (status == test->status)
		{
			legal_ends++;
			check(same_activation(&result, &test->expected),
				  "cut where it may end", test->name);
		}
		else if (status == POA_GBCS_INVALID)
			check(err.field != NULL && err.problem != NULL && err.offset <= cut,
				  "the error names the field", test->name);
	}
	check(legal_ends <= 1 && (octets[0] != 0xDD || legal_ends == 0),
		  "cut where it may not end", test->name);

	for (size_t i = 0; i < n; i++)
	{
		uint8_t		octet = octets[i];

		for (int value = 0; value <= 0xFF; value++)
		{
			octets[i] = (uint8_t) value;
			(void) parse_copy(octets, n, &result, &err);
		}
		octets[i] = octet;
	}
}

static void
test_messages(void)
{
	for (size_t i = 0; i < lengthof(messages); i++)
	{
		const MessageTest *test = &messages[i];
		uint8_t		octets[MAX_MESSAGE];
		size_t		n = from_hex(test->hex, octets);
		PoaGbcsActivation result;
		PoaGbcsError err;
		PoaGbcsStatus status = parse_copy(octets, n, &result, &err);

		check(status == test->status, "status", test->name);
		check(same_activation(&result, &test->expected), "result", test->name);
		if (test->field != NULL)
			check(err.field != NULL && strcmp(err.field, test->field) == 0,
				  "field", test->name);
		if (status != test->status ||
			(test->field != NULL && err.field != NULL && strcmp(err.field, test->field) != 0))
			printf("        %s %s at %zu\n", err.field ? err.field : "",
				   err.problem ? err.problem : "", err.offset);
		if (test->status == POA_GBCS_OK || test->status == POA_GBCS_UNSUPPORTED)
			test_damage(test, octets, n);
	}
}

/*------------------------------------------------------------------------
 * Documents
 *------------------------------------------------------------------------
 */

typedef struct DocumentTest
{
	const char *name;
	const char *text;
	PoaDuisStatus status;
	const char *document;		/* what the extent holds */
} DocumentTest;

#define BOM				"\xEF\xBB\xBF"
#define DECLARATION		"<?xml version='1.0' encoding=\"x-unknown\" standalone = 'no' ?>"

static const DocumentTest documents[] = {
	{"element", "<a/>", POA_DUIS_DOCUMENT, "<a/>"},
	{"nested", "<a><b c='>'>d</b><b/></a>", POA_DUIS_DOCUMENT, "<a><b c='>'>d</b><b/></a>"},
	{"spaces", " \n<a></a>\t", POA_DUIS_DOCUMENT, " \n<a></a>\t"},
	{"misc", "<!-- <a> --><?pi ?><a><!-- </a> --><?pi </a>?><![CDATA[</a>]]></a><!-- x --><?pi ?>", POA_DUIS_DOCUMENT,
	"<!-- <a> --><?pi ?><a><!-- </a> --><?pi </a>?><![CDATA[</a>]]></a><!-- x --><?pi ?>"},
	{"byte_order_mark", BOM "<a/>", POA_DUIS_DOCUMENT, "<a/>"},
	{"declaration", DECLARATION "<a/>", POA_DUIS_DOCUMENT, "<a/>"},
	{"mark_declaration", BOM DECLARATION "\n<a/>", POA_DUIS_DOCUMENT, "\n<a/>"},
	{"declaration_mark", DECLARATION BOM "<a/>", POA_DUIS_DOCUMENT, "<a/>"},
	{"declaration_damaged", "<?xml version=1.0?><a/>", POA_DUIS_DOCUMENT, "<?xml version=1.0?><a/>"},
	{"declaration_late", " <?xml version='1.0'?><a/>", POA_DUIS_DOCUMENT, " <?xml version='1.0'?><a/>"},
	{"doctype", DECLARATION "<!-- --><!DOCTYPE a><a/>", POA_DUIS_DOCTYPE, NULL},
	{"doctype_late", BOM BOM DECLARATION " " DECLARATION "<!DOCTYPE a><a/>", POA_DUIS_DOCTYPE, NULL},
	{"doctype_in_comment", "<!-- <!DOCTYPE --><a/>", POA_DUIS_DOCUMENT, "<!-- <!DOCTYPE --><a/>"},
	{"doctype_in_cdata", "<a><![CDATA[<!DOCTYPE]]></a>", POA_DUIS_DOCUMENT, "<a><![CDATA[<!DOCTYPE]]></a>"},
	{"empty", "", POA_DUIS_NO_ROOT, NULL},
	{"blank", BOM "  ", POA_DUIS_NO_ROOT, NULL},
	{"only_comment", "<!-- <a/> -->", POA_DUIS_NO_ROOT, NULL},
	{"comment_unfinished", "<!-- <a/>", POA_DUIS_NO_ROOT, NULL},
	{"text", "a", POA_DUIS_NO_ROOT, NULL},
	{"text_before", "a<a/>", POA_DUIS_NO_ROOT, NULL},
	{"text_behind", "<a></a> a", POA_DUIS_MORE, "<a></a>"},
	{"two", "<a><b/></a><a/>", POA_DUIS_MORE, "<a><b/></a>"},
	{"two_with_declarations", DECLARATION "<a/>" DECLARATION "<a/>", POA_DUIS_MORE, "<a/>"},
	{"two_with_marks", BOM "<a/>" BOM "<a/>", POA_DUIS_MORE, "<a/>"},
	{"mark_behind", "<a/>" BOM, POA_DUIS_MORE, "<a/>"},
	{"end_tag_too_many", "<a></b></a>", POA_DUIS_MORE, "<a></b>"},
	{"end_tag_first", "</a><a/>", POA_DUIS_MORE, "</a>"},
	{"unfinished", "<a><b></b>", POA_DUIS_DOCUMENT, "<a><b></b>"},
	{"tag_unfinished", "<a b='", POA_DUIS_DOCUMENT, "<a b='"},
	{"tag_cut", "<", POA_DUIS_DOCUMENT, "<"},
	{"slash_in_attribute", "<a b='/'></a>", POA_DUIS_DOCUMENT, "<a b='/'></a>"},
};

static void
test_documents(void)
{
	for (size_t i = 0; i < lengthof(documents); i++)
	{
		const DocumentTest *test = &documents[i];
		size_t		len = strlen(test->text);
		PoaDuisExtent extent;

		check(poa_duis_find_document(test->text, len, &extent) == test->status, "status", test->name);
		if (test->document != NULL)
			check(extent.start <= extent.end && extent.end <= len &&
				  extent.end - extent.start == strlen(test->document) &&
				  memcmp(test->text +extent.start, test->document, extent.end - extent.start) == 0,
				  "document", test->name);
	}
}

/*------------------------------------------------------------------------
 * The seed corpus
 *------------------------------------------------------------------------
 */

static void
write_seed(const char *directory, const char *room, const char *name,
		   const void *octets, size_t n)
{
	char		path[1024];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/%s/%s", directory, room, name);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(octets, 1, n, file) != n || fclose(file) != 0)
	{
		perror(path);
		exit(2);
	}
}

static void
write_corpus(const char *directory)
{
	uint8_t		octets[MAX_MESSAGE];
	char		name[64];

	for (size_t i = 0; i < lengthof(messages); i++)
	{
		size_t		n = from_hex(messages[i].hex, octets);

		write_seed(directory, "gbcs", messages[i].name, octets, n);
	}
	for (size_t i = 0; i < lengthof(documents); i++)
		write_seed(directory, "duis", documents[i].name, documents[i].text,
				   strlen(documents[i].text));
	for (size_t i = 0; i < lengthof(xs_valid); i++)
	{
		snprintf(name, sizeof(name), "xs_%02d", (int) i);
		write_seed(directory, "datetime", name, xs_valid[i].text,
				   strlen(xs_valid[i].text));
	}
	for (size_t i = 0; i < lengthof(generalized_valid); i++)
	{
		snprintf(name, sizeof(name), "generalized_%02d", (int) i);
		write_seed(directory, "datetime", name, generalized_valid[i].text,
				   strlen(generalized_valid[i].text));
	}
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		write_corpus(argv[1]);
	test_instants();
	test_messages();
	test_documents();
	printf("%d passed, %d failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
