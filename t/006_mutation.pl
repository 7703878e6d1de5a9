
# Random mutations of GUID texts: the type accepts what the grammar of the
# contract accepts and reads the same octets from it, and nothing else.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant TEXTS => 16_000;

# 16 hex digits, bare or with one kind of separator between every two of them;
# ASCII white space around.
my $blank = qr/[ \t\n\r\f\x0b]*/;
my $octet = qr/[0-9A-Fa-f]{2}/;
my $grammar = qr/\A$blank($octet(?:$octet{7}|(?:-$octet){7}|(?::$octet){7}))$blank\z/;

# The canonical text of a guid, undef where the text is none.
sub guid
{
	my $text = shift;
	return undef unless $text =~ $grammar;
	return join '-', uc($1 =~ s/[-:]//gr) =~ /../g;
}

sub pick { return $_[ rand @_ ]; }

# What keyboards, spreadsheets and other systems put into such a text.
my @characters = (
	split(//, '0123456789abcdefABCDEF-:'), split(//, 'gGxX.,;/_+ o{}()"\'\\%'),
	"\t", "\n", "\r", "\f", "\x0b", "\x1f", "\x7f", "\x{a0}", "\x{2010}", "\x{2013}", "\x{ff10}",
	"\x{ff21}", "\x{feff}", "\x{3000}", "\x{661}", "\x{1d7d8}");

sub valid
{
	my @octets = map { sprintf pick('%02x', '%02X'), int rand 256 } 1 .. 8;
	return join(pick('', '-', ':'), @octets);
}

sub mutated
{
	my $text = shift;
	my $at = int rand length($text) + 1;
	my $how = int rand 13;

	# one character in, out or changed
	substr($text, $at, 0) = pick(@characters) if $how <= 2;
	substr($text, $at, 1) = '' if $how == 3 && $at < length $text;
	substr($text, $at, 1) = pick(@characters) if $how =~ /^[45]$/ && $at < length $text;
	# a piece repeated, cut off, or moved to the front
	substr($text, $at, 0) = substr $text, $at, 1 + rand 4 if $how == 6 && $at < length $text;
	$text = substr $text, 0, $at if $how == 7;
	$text = substr($text, $at) . substr($text, 0, $at) if $how == 8;
	# white space around; another separator; other forms of the same
	$text = pick("\t", "\n", "\r", "\f", "\x0b", "\x{a0}", "\x{3000}", ' ', '  ') . $text . pick('', ' ', "\t", "\n") if $how == 9;
	$text =~ s/[-:]/pick('-', ':', '')/e if $how == 10;
	$text =~ s/[-:]/./g if $how == 11 && rand() < 0.3;
	$text = pick("0x$text", "{$text}", "'$text", substr($text, 0, 9) . 'E+15', "$text$text") if $how == 12;
	return $text;
}

sub encoded
{
	my $octets = shift;
	utf8::encode($octets);
	return $octets;
}

srand($ENV{POA_SEED} || 20260101);
my @texts = ('', ' ', '-', ':', '0' x 15, '0' x 16, '0' x 17, 'F' x 16);
while (@texts < TEXTS)
{
	my $text = valid();
	$text = mutated($text) foreach 1 .. pick(0, 1, 1, 1, 2, 3);
	push @texts, $text;
}

my $node = PostgreSQL::Test::Cluster->new('mutation');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poa_suppress;
CREATE TABLE texts (n int, octets text, text text);
-- the verdict of the input function itself, with and without an error
CREATE FUNCTION verdict(text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN $1::guid;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END
$$;
SQL

# COPY takes them as UTF-8 in hex, so that nothing has to be escaped on the way.
my $file = PostgreSQL::Test::Utils::tempdir() . '/texts';
open my $out, '>', $file or die "$file: $!";
foreach my $n (0 .. $#texts)
{
	print $out $n, "\t", unpack('H*', encoded($texts[$n])), "\t\\N\n";
}
close $out;
$node->safe_psql('postgres',
	"COPY texts FROM '$file'; UPDATE texts SET text = convert_from(decode(octets, 'hex'), 'UTF8')");

my %got = map { split /\|/, $_, 2 }
  split /\n/, $node->safe_psql('postgres', "SELECT n, coalesce(try_guid(text)::text, 'none') FROM texts");
my (@wrong, $valid);
foreach my $n (0 .. $#texts)
{
	my $want = guid($texts[$n]) // 'none';
	$valid++ if $want ne 'none';
	push @wrong, "octets " . unpack('H*', encoded($texts[$n])) . ": got $got{$n}, should be $want" if $got{$n} ne $want;
}
note("$valid of " . scalar(@texts) . ' are valid');
cmp_ok($valid, '>', TEXTS / 4, 'many are valid');
cmp_ok($valid, '<', TEXTS / 2, 'more are not');
is(scalar @wrong, 0, 'try_guid and the grammar agree') or diag(join "\n", @wrong[ 0 .. ($#wrong < 9 ? $#wrong : 9) ]);

is( $node->safe_psql('postgres', <<'SQL'), '', 'input and try_guid agree, and the error names the text');
SELECT octets, verdict(text), try_guid(text) FROM texts
WHERE verdict(text) <> coalesce(try_guid(text)::text,
	'22P02 invalid input syntax for type guid: "' || text || '"') LIMIT 5;
SQL
is( $node->safe_psql('postgres', <<'SQL'), '', 'what is read is read again, in every form');
SELECT octets FROM texts, try_guid(text) AS g
WHERE g IS NOT NULL AND (g::text::guid <> g OR lower(g::text)::guid <> g OR replace(g::text, '-', ':')::guid <> g
	OR replace(g::text, '-', '')::guid <> g OR encode(g::bytea, 'hex') <> lower(replace(g::text, '-', ''))) LIMIT 5;
SQL
SKIP:
{
	skip 'no soft errors', 1 if $node->safe_psql('postgres', 'SHOW server_version_num') < 160000;
	is($node->safe_psql('postgres',
			"SELECT octets FROM texts WHERE pg_input_is_valid(text, 'guid') <> (try_guid(text) IS NOT NULL) LIMIT 5"),
		'', 'and so does pg_input_is_valid');
}

$node->stop;
done_testing();
