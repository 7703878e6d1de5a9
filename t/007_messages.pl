# Random mutations of DUIS messages: no reader crashes, and each answers with
# the error of a damaged message, or with what really stands in it.  That is
# looked up a second time, by xpath() and field by field.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant TEXTS => 4_000;

my $uri = 'http://www.dccinterface.co.uk/ServiceUserGateway';
my $id = '<sr:RequestID>90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:%d</sr:RequestID>';

sub duis
{
	my ($root, $header, $body) = @_;
	return qq(<sr:$root xmlns:sr="$uri" schemaVersion="5.4"><sr:Header>$header</sr:Header><sr:Body>$body</sr:Body></sr:$root>);
}

sub service { my $s = shift; return "<sr:ServiceReference>$s</sr:ServiceReference><sr:ServiceReferenceVariant>$s</sr:ServiceReferenceVariant>"; }
sub request { my ($counter, $variant, $body, $service) = @_; return duis('Request', sprintf($id, $counter) . "<sr:CommandVariant>$variant</sr:CommandVariant>" . service($service // '11.3'), $body); }
sub response { my ($counter, $code, $content) = @_; return duis('Response', sprintf($id, $counter) . "<sr:ResponseCode>$code</sr:ResponseCode>", '<sr:ResponseMessage>' . service('11.3') . "$content</sr:ResponseMessage>"); }

my $hash = 'AA758690730934FF0685AA758690730934FF0685657788990011223344556677';
my $from_to = '0890B3D51F300100000800DB1234567890A000';
my $back = '0800DB1234567890A00890B3D51F3001000000';
my %payload = map { $_->[0] => encode_base64_of($_->[1]) } (
	[ immediate => "DF090100000000000003E8${from_to}0200122830260420${hash}020203E8" ],
	[ future => "DF090100000000000003E9${from_to}0200123930370420${hash}020203E9180F32303330303131353039303030305A" ],
	[ answer => "DF090200000000000003E8${back}0200120B300902010004040123ABCF" ],
	[ alert => "DF090300000000000007D0${back}0200CA2730250203008F66180F32303330303131353039303030305A020203E9300902010004040123ABCF" ],
	[ unsupported => "DF090300000000000007D0${back}020120250F200007D0000203128F85090C07DF0101FF000000008000FF090A001200000000000003E8" ]);

sub encode_base64_of
{
	my ($hex) = @_;
	my $text = pack('u', pack('H*', $hex));
	# uuencode is base64 by other characters, with a count before each line
	$text =~ s/^.//mg;
	$text =~ s/\n//g;
	$text =~ tr|` -_|AA-Za-z0-9+/|;
	my $pad = (3 - length($hex) / 2 % 3) % 3;
	substr($text, -$pad) = '=' x $pad if $pad;
	return $text;
}

my @seeds = (
	request(1000, 4, "<sr:ActivateFirmware><sr:FirmwareHash>$hash</sr:FirmwareHash></sr:ActivateFirmware>"),
	request(1001, 4, "<sr:ActivateFirmware><sr:ExecutionDateTime>2030-01-15T09:00:00Z</sr:ExecutionDateTime><sr:FirmwareHash>$hash</sr:FirmwareHash></sr:ActivateFirmware>"),
	request(1000, 5, "<sr:SignedPreCommand><sr:GBCSPayload>$payload{immediate}</sr:GBCSPayload></sr:SignedPreCommand>"),
	request(1001, 7, "<sr:SignedPreCommand><sr:ExecutionDateTime>2030-01-15T09:00:00Z</sr:ExecutionDateTime><sr:GBCSPayload>$payload{future}</sr:GBCSPayload></sr:SignedPreCommand>"),
	request(9, 8, '<sr:ReturnLocalCommandResponse>' . (sprintf($id, 1000) =~ s/RequestID/OriginalRequestID/gr) . "<sr:DeviceGBCSResponse>$payload{answer}</sr:DeviceGBCSResponse></sr:ReturnLocalCommandResponse>", '8.13'),
	request(3, 1, '<sr:ReadSupplyStatus/>', '7.4'),
	response(1000, 'I0', "<sr:GBCSPayload>$payload{answer}</sr:GBCSPayload>"),
	response(1001, 'I0', "<sr:FutureDatedDeviceAlertMessage><sr:GBCSPayload>$payload{alert}</sr:GBCSPayload></sr:FutureDatedDeviceAlertMessage>"),
	response(1000, 'E4', ''), response(1000, 'E21', ''),
	duis('Response', '<sr:ResponseID>00-DB-12-34-56-78-90-A0:90-B3-D5-1F-30-01-00-00:2000</sr:ResponseID><sr:ResponseCode>I0</sr:ResponseCode>',
		"<sr:DeviceAlertMessage><sr:AlertCode>8F85</sr:AlertCode><sr:GBCSPayload>$payload{unsupported}</sr:GBCSPayload></sr:DeviceAlertMessage>"),
	duis('Response', '<sr:ResponseID>88-73-84-90-6A-10-02-DB:90-B3-D5-1F-30-02-00-00:7</sr:ResponseID><sr:ResponseCode>I0</sr:ResponseCode><sr:ResponseDateTime>2026-03-02T09:12:00Z</sr:ResponseDateTime>',
		'<sr:DCCAlertMessage><sr:DCCAlertCode>AD1</sr:DCCAlertCode><sr:ThrottledAlertCount>3</sr:ThrottledAlertCount><sr:DCCAlert><sr:PowerOutageEvent>'
		  . '<sr:CommsHubDeviceID>88-73-84-90-6A-10-02-DB</sr:CommsHubDeviceID><sr:StartDateTime>2026-03-02T09:08:30Z</sr:StartDateTime><sr:MPxN>2000012345672</sr:MPxN></sr:PowerOutageEvent></sr:DCCAlert></sr:DCCAlertMessage>'),
	duis('Response', '<sr:ResponseCode>I0</sr:ResponseCode>', '<sr:DCCAlertMessage><sr:DCCAlertCode>N12</sr:DCCAlertCode><sr:DCCAlert><sr:CommandFailure>'
		  . (sprintf($id, 1000) =~ s/RequestID/CommandRequestID/gr) . '</sr:CommandFailure></sr:DCCAlert></sr:DCCAlertMessage>'));

sub pick { return $_[ rand @_ ]; }

# What happens to texts on their way, and what an attacker would try.
sub mutated
{
	my $text = shift;
	my @elements = $text =~ /(<sr:(\w+)>[^<]*<\/sr:\2>)/g;
	my $element = @elements ? $elements[ 2 * int rand @elements / 2 ] : '';
	my $at = int rand length($text) + 1;
	my $how = int rand 18;

	# one leaf away, twice, empty, elsewhere, in another namespace, commented in, or as a character reference
	if ($how == 0) { $text =~ s/\Q$element\E// }
	elsif ($how == 1) { $text =~ s/\Q$element\E/$element$element/ }
	elsif ($how == 2) { $text =~ s/(\Q$element\E)/$1 =~ s{>[^<]*<}{><}r/e }
	elsif ($how == 3) { $text =~ s/\Q$element\E//; $text =~ s/(<sr:Body>|<sr:Header>)/$1$element/ }
	elsif ($how == 4) { $text =~ s/(\Q$element\E)/$1 =~ s{<sr:}{<x:}r =~ s{<\/sr:}{<\/x:}r =~ s{>}{ xmlns:x="urn:x">}r/e }
	elsif ($how == 5) { $text =~ s/(\Q$element\E)/$1 =~ s{>(.?)}{>$1<!-- x -->}r/e }
	elsif ($how == 6) { $text =~ s/(\Q$element\E)/$1 =~ s{>([^<])}{sprintf '>&#%d;', ord $1}er/e }
	# a character in, out or changed; a piece cut off, repeated, or moved to the front
	elsif ($how <= 8) { substr($text, $at, 1) = pick(split //, "<>/&;:'\"= -0123456789ABCDEFZ\n\t") }
	elsif ($how == 9) { substr($text, $at, 0) = pick('<', '>', '&', '0', '-', ' ', "\x{feff}", ']]>', '<![CDATA[', '<!--', '<?x?>', '&x;') }
	elsif ($how == 10) { substr($text, $at, 1) = '' if $at < length $text }
	elsif ($how == 11) { $text = substr $text, 0, $at }
	elsif ($how == 12) { $text = substr($text, $at) . substr($text, 0, $at) }
	# digits, an element's name, the root
	elsif ($how == 13) { $text =~ s/(\d)(?!.*schema)/pick(0 .. 9)/e if rand() < 0.5; $text =~ s/:(\d+)</pick(':18446744073709551616<', ':0<', ':007<', ':<')/e }
	elsif ($how == 14) { my ($from, $to) = map { pick(qw(RequestID ResponseCode Header Body GBCSPayload ServiceReference MPxN DCCAlert)) } 1, 2; $text =~ s/\b$from\b/$to/g }
	# around the document
	elsif ($how == 15) { $text = pick("\x{feff}", '<?xml version="1.0" encoding="UTF-8"?>', "\x{feff}<?xml version='1.0' encoding=\"x\"?>", '<!DOCTYPE a [<!ENTITY x "y">]>', '<!-- <!DOCTYPE -->', ' ', 'x') . $text }
	elsif ($how == 16) { $text .= pick($text, ' ', 'x', '<a/>', '<!-- x -->', "\x{feff}", '<?xml version="1.0"?>' . $text, '</sr:Request>') }
	else { $text = "<x>$text</x>" }
	return $text;
}

sub encoded
{
	my $octets = shift;
	utf8::encode($octets);
	return $octets;
}

srand($ENV{POA_SEED} || 20260101);
my @texts = ('', ' ', "\x{feff}", '<', '<a', '<a/>', @seeds);
while (@texts < TEXTS)
{
	my $text = pick(@seeds);
	$text = mutated($text) foreach 1 .. pick(1, 1, 1, 2, 3);
	push @texts, $text;
}

my $node = PostgreSQL::Test::Cluster->new('messages');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES ('00-DB-12-34-56-78-90-A0');
INSERT INTO poa.device VALUES ('00-DB-12-34-56-78-90-A0', 'ESME', 2, '1063', '88-73-84-90-6A-10-02-DB', '2000012345672');
CREATE TABLE texts (n int, text text, reader text, verdict text);

-- the texts of the elements at a path, NULL where it is no document
CREATE FUNCTION at(message text, path text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	root text := '^(\ufeff)*(<\?xml[^>]*\?>)?(\ufeff)*';
BEGIN
	RETURN (SELECT array_agg(btrim((xpath('string(.)', x))[1]::text, E' \t\r\n')) FROM unnest(xpath(path, xmlparse(document regexp_replace(message, root, '')),
		ARRAY[ARRAY['sr', 'http://www.dccinterface.co.uk/ServiceUserGateway']])) AS x);
END
$$;
-- what a reader answers, as one text, or its error
CREATE FUNCTION verdict(reader text, message text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SELECT count(*) || coalesce(max(r::text), '''') FROM poa.%I($1) AS r', reader) USING message INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END
$$;
-- does a row of the readers that take a message apart say what stands in it, just once?
CREATE FUNCTION is_right(message text, reader text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	a record;
BEGIN
	EXECUTE format('SELECT * FROM poa.%I($1)', reader) USING message INTO a;
	IF reader = 'duis_activation' THEN
		RETURN at(message, '/sr:Request/sr:Header/sr:RequestID') = ARRAY[a.request_id]
			AND upper(a.request_id) LIKE a.originator || ':' || a.device || ':%'
			AND at(message, '/sr:Request/sr:Header/sr:CommandVariant') = ARRAY[a.command_variant::text]
			AND at(message, '/sr:Request/sr:Header/sr:ServiceReference | /sr:Request/sr:Header/sr:ServiceReferenceVariant') = '{11.3,11.3}'
			AND (a.command_variant <> 4 OR (at(message, '//sr:ActivateFirmware/sr:ExecutionDateTime') IS NULL) = (a.activates_at IS NULL))
			AND cardinality(at(message, '/sr:Request/sr:Body/*')) = 1;
	ELSIF reader = 'duis_alert' THEN
		RETURN upper(at(message, '//sr:DCCAlert/sr:PowerOutageEvent/sr:CommsHubDeviceID')::text) = ARRAY[a.chf]::text
			AND at(message, '//sr:DCCAlert/sr:PowerOutageEvent/sr:MPxN') = ARRAY[btrim(a.mpxn, E' \t\r\n')]
			AND at(message, '//sr:DCCAlertMessage/sr:DCCAlertCode') = ARRAY[a.alert_code]
			AND cardinality(at(message, '//sr:DCCAlert/sr:PowerOutageEvent/sr:StartDateTime')) = 1
			AND least(greatest((coalesce(at(message, '//sr:DCCAlertMessage/sr:ThrottledAlertCount'), '{1}'))[1]::numeric, 1), 2147483647) = a.alert_count;
	ELSE
		RETURN a.request_id = concat_ws(':', a.originator, a.device, a.counter)
			AND coalesce(upper(at(message, '/sr:Response/sr:Header/sr:RequestID[/sr:Response/sr:Body/sr:ResponseMessage] | //sr:OriginalRequestID')::text), ARRAY[a.request_id]::text)
				= ARRAY[a.request_id]::text;
	END IF;
END
$$;
SQL

my $file = PostgreSQL::Test::Utils::tempdir() . '/texts';
open my $out, '>', $file or die "$file: $!";
print $out $_, "\t", unpack('H*', encoded($texts[$_])), "\n" foreach 0 .. $#texts;
close $out;
my $log = $node->safe_psql('postgres', <<"SQL");
SET client_min_messages = error;
CREATE TEMP TABLE octets (n int, octets text);
COPY octets FROM '$file';
INSERT INTO texts SELECT n, convert_from(decode(octets, 'hex'), 'UTF8'), reader
FROM octets CROSS JOIN unnest('{duis_activation,duis_alert,duis_outcome,duis_name,receive}'::text[]) AS r (reader);
UPDATE texts SET verdict = verdict(reader, text);
SQL

my $counts = $node->safe_psql('postgres',
	q(SELECT reader, count(*) FILTER (WHERE verdict LIKE '1%'), count(*) FILTER (WHERE verdict LIKE '22%') FROM texts GROUP BY 1 ORDER BY 1));
note($counts);
is($node->safe_psql('postgres', q(SELECT min(n) || ' ' || verdict FROM texts WHERE verdict !~ '^([01]|22023|22P02|2200M|2200N)' GROUP BY verdict LIMIT 10)),
	'', 'each answers with a row, none, or the error of a damaged message');
is($node->safe_psql('postgres', q(SELECT n, reader, left(verdict, 300) FROM texts WHERE reader IN ('duis_name', 'receive') AND verdict LIKE '0%' LIMIT 5)),
	'', 'what a message is, is always said');
is($node->safe_psql('postgres',
		q(SELECT n, reader, verdict, text FROM texts WHERE reader IN ('duis_activation', 'duis_alert', 'duis_outcome') AND verdict LIKE '1%'
			AND is_right(text, reader) IS NOT TRUE LIMIT 3)),
	'', 'a row says what stands in the message');
cmp_ok($_, '>', TEXTS / 60, 'many are read') foreach $counts =~ /^duis_(?:activation|alert|outcome)\|(\d+)/mg;
is($node->safe_psql('postgres', q{SELECT n FROM texts WHERE reader = 'receive' AND verdict ~ '^1.(tracked|retimed)'
		AND n NOT IN (SELECT n FROM texts WHERE reader = 'duis_activation' AND verdict LIKE '1%') LIMIT 5}),
	'', 'what is tracked was an activation');
# XMLTABLE reads all as UTF-8, whatever the encoding of the database is: a letter that it has, one as a reference, one that it has not
my $alert = duis('Response', '<sr:ResponseDateTime>2026-03-02T09:12:00Z</sr:ResponseDateTime>', '<sr:DCCAlertMessage><sr:DCCAlertCode>AD1</sr:DCCAlertCode>'
		. '<sr:DCCAlert><sr:PowerOutageEvent><sr:CommsHubDeviceID>88-73-84-90-6A-10-02-DB</sr:CommsHubDeviceID>'
		. '<sr:StartDateTime>2026-03-02T09:08:30Z</sr:StartDateTime><sr:MPxN>%s</sr:MPxN></sr:PowerOutageEvent></sr:DCCAlert></sr:DCCAlertMessage>');
foreach my $database ([ LATIN1 => 0xe9 ], [ EUC_JP => 0x65e5 ], [ UTF8 => 0x2603 ])
{
	my ($encoding, $letter) = @$database;
	my $name = lc "of_$encoding";
	$node->safe_psql('postgres', "CREATE DATABASE $name ENCODING $encoding LOCALE 'C' TEMPLATE template0");
	$node->safe_psql($name, 'CREATE EXTENSION poa_suppress');
	foreach my $way ([ 'as it is', sprintf(q(U&'\%04x'), $letter) ], [ 'as a reference', "'&#$letter;'" ])
	{
		is($node->safe_psql($name, sprintf(
					q(SELECT mpxn = U&'\%04x' FROM poa.duis_alert(U&'<?xml version="1.0" encoding="UTF-8"?><!-- \%04x -->' || format('%s', %s))),
					$letter, $letter, $alert, $way->[1])), 't', "a letter $way->[0] in $encoding");
	}
	next if $encoding eq 'UTF8';
	$node->psql($name, sprintf(q(SELECT poa.duis_alert(format('%s', '&#9731;'))), $alert), stderr => \my $stderr);
	like($stderr, qr/character with byte sequence 0xe2 0x98 0x83 in encoding "UTF8" has no equivalent in encoding "$encoding"/, "a letter that $encoding has not");
}
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'nothing crashed');

$node->stop;
done_testing();
