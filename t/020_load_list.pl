# poa-load-list: what it reads, what it refuses and why, that a list is loaded
# whole or not at all, and who waits for whom meanwhile.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IPC::Run qw(run);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION poa_suppress;
	CREATE ROLE op LOGIN;
	CREATE ROLE nobody_much LOGIN;
	SELECT poa.grant_operator('op');
	REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC;
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
});

my $dir = tempdir(CLEANUP => 1);
my $op = 'user=op dbname=postgres application_name=poa-load-list ' . $node->connstr;
my @A = map { sprintf '00-DB-12-34-56-78-90-%02X', $_ } 0 .. 99;

# ------------------------------------------------------------------ helpers

# file(NAME, CONTENT): writes it, and returns its path
sub file
{
	my ($name, $content) = @_;
	open my $out, '>:raw', "$dir/$name" or die "$name: $!";
	print $out $content;
	close $out or die "$name: $!";
	return "$dir/$name";
}

# book(NAME, KEY => VALUE...): a workbook, described as for t/workbook.py; a
# list of sheets, [NAME, ROWS], keeps their order
my $book_number = 0;
sub book
{
	my %what = @_;
	my $sheets = delete $what{sheets};
	my $path = sprintf '%s/%03d.xlsx', $dir, ++$book_number;
	my $json = JSON::PP->new->utf8;
	my $input = '{"sheets": {' . join(', ', map { $json->allow_nonref->encode($_->[0]) . ': ' . $json->encode($_->[1]) } @$sheets) . '}';
	$input .= ', ' . $json->encode($_) . ': ' . $json->encode($what{$_}) foreach sort keys %what;
	run([ '/usr/bin/python3', dirname(__FILE__) . '/workbook.py', $path ], '<', \"$input}") or die 'workbook.py';
	return $path;
}

# load(ARGUMENT...): (exit code, {key => value} of the closing lines, stderr)
sub load
{
	my ($out, $err);
	run([ 'poa-load-list', '-d', $op, @_ ], '<', \undef, '>', \$out, '2>', \$err);
	my $code = $? >> 8;
	unlike($err, qr/Traceback/, "no traceback: @_");
	my %counts = $out =~ /^(\w+): (.*)$/mg;
	return ($code, \%counts, $err);
}

sub list { return $node->safe_psql('postgres', 'SELECT count(*) FROM poa.guid_list') }
sub set_list { $node->safe_psql('postgres', join '', 'DELETE FROM poa.guid_list;', map { "INSERT INTO poa.guid_list VALUES ('$_');" } @_) }

# loads(NAME, FILE, COUNT): is loaded, and the list has COUNT GUIDs then
sub loads
{
	my ($name, $path, $count, @options) = @_;
	set_list();
	my ($code, $counts, $err) = load(@options, $path);
	is($code, 0, "$name: exit") or diag $err;
	is(list(), $count, "$name: list");
	return $err;
}

# refuses(NAME, FILE, MESSAGE): exit 1, the message, the list stays
sub refuses
{
	my ($name, $path, $message, @options) = @_;
	set_list($A[99]);
	my ($code, undef, $err) = load(@options, $path);
	is($code, 1, "$name: exit");
	like($err, $message, "$name: message");
	is(list(), 1, "$name: the list stays");
	return;
}

# ------------------------------------------------------------ a plain import

my $text = join '', map { "$_\n" } 'GUID', @A[0 .. 2], $A[0];
my $plain = file('plain.csv', $text);
my ($code, $counts, $err) = load($plain);
is($code, 0, 'a plain import');
is_deeply($counts,
	{ rows => 4, distinct => 3, duplicates => 1, rejected => 0, added => 3, removed => 0, unchanged => 0, import => 1 },
	'its counts');
is($node->safe_psql('postgres', 'SELECT imported_by, source, sha256, mode, rows_read, distinct_guids, duplicates, rejected,'
		. ' added, removed, unchanged, undone_at IS NULL FROM poa.guid_list_import'),
	join('|', 'op', $plain, sha256_hex($text), 'replace', 4, 3, 1, 0, 3, 0, 0, 't'), 'its record');

my ($out);
run([ 'poa-load-list', '--dry-run', '-d', $op, $plain ], '>', \$out, '2>', \$err);
like($out, qr/^rows: 4\ndistinct: 3\nduplicates: 1\nrejected: 0\nadded: 0\nremoved: 0\nunchanged: 3\nimport: none\n\z/m,
	'standard output ends with these lines, in this order');
unlike($err, qr/[\r\e]/, 'no bar where standard error is no terminal');

# ------------------------------------------------------------------- modes

set_list(@A[0 .. 9]);
(undef, $counts) = load('--mode', 'add', file('modes.csv', "GUID\n$A[9]\n$A[10]\n"));
is("@$counts{qw(added removed unchanged)}", '1 0 10', 'add');
(undef, $counts) = load('--mode', 'remove', file('modes.csv', "GUID\n$A[9]\n$A[50]\n"));
is("@$counts{qw(added removed unchanged)}", '0 1 10', 'remove');
(undef, $counts) = load('--dry-run', '--mode', 'remove', $plain);
is("@$counts{qw(added removed unchanged import)}", '0 3 7 none', 'a dry run of it');
is(list(), 10, 'changes nothing');

# 10 on the list: one may go, two may not
set_list(@A[0 .. 9]);
refuses_removal($_->[0], $_->[1], $_->[2])
	foreach [ 8, 1 ], [ 9, 0 ], [ 8, 0, 20 ], [ 8, 1, 19.9 ], [ 0, 0, 100 ];
sub refuses_removal
{
	my ($kept, $expected, $percent) = @_;
	set_list(@A[0 .. 9]);
	my ($code, $counts, $err) = load(($percent ? ('--max-removed', $percent) : ()),
		file('removal.csv', join "\n", 'GUID', @A[0 .. $kept - 1], ''));
	my $name = "$kept of 10 kept, max-removed " . ($percent // 'by default');
	is($code, $expected, $name);
	is(list(), $expected ? 10 : $kept, "$name: list");
	is("@$counts{qw(added removed unchanged)}", $expected ? '0 0 10' : "0 @{[ 10 - $kept ]} $kept", "$name: counts say what was done");
	like($err, qr/nothing was imported; it would have added 0, removed @{[ 10 - $kept ]} and left $kept unchanged\n/,
		"$name: and what would have been") if $expected;
	is($counts->{import} eq 'none', $expected == 1, "$name: import");
	like($err, qr/refused: \d+ of the 10 GUIDs on the list would be removed/, "$name: message") if $expected;
}

refuses('another number than expected', $plain, qr/refused: 3 distinct GUIDs, not the 4 that are expected/,
	'--expect', 4, '--max-removed', 100);
loads('the number that is expected', $plain, 3, '--expect', 3);
loads('several files are one list', $plain, 4, file('more.txt', "$A[3]\n$A[0]\n"));

# -------------------------------------------------------------------- usage

foreach (
	[ 'no file', qr/usage:/ ],
	[ 'a missing file', qr/missing.csv: No such file/, "$dir/missing.csv" ],
	[ 'a folder', qr/Is a directory/, do { mkdir "$dir/folder.csv"; "$dir/folder.csv" } ],
	[ 'another kind of file', qr/not a .xlsx, .xlsm, .csv or .txt file/, file('list.pdf', '') ],
	(map { [ "a workbook of another kind, $_", qr/list$_: a workbook of another kind; save it as .xlsx/, file("list$_", '') ] }
		qw(.xls .xlsb .ods .XLS)),
	[ 'an unknown mode', qr/invalid choice/, '--mode', 'merge', $plain ],
	[ 'a percentage over 100', qr/not a percentage/, '--max-removed', 101, $plain ],
	[ 'no number', qr/not a number of rows/, '--expect', 'many', $plain ],
	[ 'rejects that cannot be written', qr/No such file/, '--rejects', "$dir/no/rejects.csv", $plain ],
	[ 'rejects over the list', qr/cannot be both/, '--rejects', $plain, $plain ])
{
	my ($name, $message, @arguments) = @$_;
	my ($code, undef, $err) = load(@arguments);
	is($code, 2, "usage: $name");
	like($err, $message, "usage: $name: message");
}
($code, $counts, $err) = load('-d', 'dbname=none ' . $node->connstr, $plain);
is($code, 3, 'no such database');
($code, $counts, $err) = load('-d', 'user=nobody_much dbname=postgres ' . $node->connstr, $plain);
is($code, 3, 'no right to import');
like($err, qr/permission denied.*the list is as it was/s, 'says so');
run([ 'poa-load-list', '--help' ], '>', \$out, '2>', \$err);
like($out, qr/Exit status: 0 done; 1 refused/, '--help');
my $version = $node->safe_psql('postgres', "SELECT default_version FROM pg_available_extensions WHERE name = 'poa_suppress'");
foreach my $program (qw(poa-load-list poa-report))
{
	foreach my $command ($program, "./bin/$program")
	{
		run([ $command, '--version' ], '>', \$out, '2>', \$err);
		is("$out$err", "$program (poa_suppress) $version\n", "$command --version");
	}
}

# --------------------------------------------------------------- text files

my $two = "$A[0];x\r\n$A[1];y\r\n";
loads('CRLF, semicolons, BOM', file('a.csv', "\xEF\xBB\xBFGUID;Model\r\n$two"), 2);
loads('tabs', file('a.txt', "Model\tDevice GUID\nx\t$A[0]\ny\t$A[1]\n"), 2);
loads('quotes, commas and line ends in them', file('a.csv', qq{Note,GUID\n"a, ""b""\nc","$A[0]"\n,"$A[1]"\n}), 2);
loads('sep=', file('a.csv', "sep=|\nGUID|n\n$A[0]|1\n$A[1]|2\n"), 2);
loads('carriage returns alone', file('a.csv', "GUID\r$A[0]\r$A[1]\r"), 2);
loads('no header, no line end', file('a.csv', "$A[0]\n$A[1]"), 2);
loads('Latin-1', file('a.csv', "Z\xE4hler,GUID\n\xFC,$A[0]\n,$A[1]\n"), 2);
loads('UTF-16', file('a.txt', join '', "\xFF\xFE", map { "$_\0" } split //, "Model\tGUID\r\nx\t$A[0]\r\ny\t$A[1]\r\n"), 2);
loads('every form of a GUID, white space, empty cells',
	file('a.csv', "guid\n00DB1234567890a0\n\n\t00:db:12:34:56:78:90:a1 \n  00-db-12-34-56-78-90-A2\n,\n"), 3);
loads('empty lines by the thousand', file('a.csv', "GUID\n" . "\n" x 50000 . "$A[0]\n"), 1);

refuses('an empty file', file('a.csv', ''), qr/no column with GUIDs in it/);
refuses('no GUIDs', file('a.csv', "Name,Street\nX,Y\n"), qr/no column with GUIDs in it/);
refuses('a quotation mark that stays open', file('a.csv', qq{GUID,n\n$A[0],"x\n$A[1],\n}), qr/quotation marks do not match/);
refuses('a line without end', file('a.csv', 'x' x 2_000_000), qr/a line is longer/);
refuses('a workbook by another name', file('a.csv', "PK\3\4" . "\0" x 50), qr/a workbook by what is in it; name it .xlsx/);
refuses('an old workbook by another name', file('a.txt', "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), qr/of the old kind/);
refuses('binary', file('a.csv', join '', map { chr($_ * 7 % 256) } 0 .. 5000), qr/not text/);

# How a GUID is kept from becoming a number, in text and in a workbook.
my @bare = map { s/-//gr } @A;
loads('="GUID" and \'GUID', file('a.csv', qq{GUID;x\r\n"=""$bare[0]""";1\r\n="$bare[1]";2\r\n'$bare[2];3\r\n"=""""";4\r\n';5\r\n}), 3);
loads('the same, without a header, tells the column and the separator', file('a.csv', qq{a,b;="$A[0]"\nc,d;'$A[1]\n}), 2);
loads('the same, in a workbook', book(sheets => [ [ 'S', [ ['GUID'], [ qq{="$bare[0]"} ], [ "'$bare[1]" ], [ { f => qq{"$bare[2]"} } ] ] ] ]), 3);
refuses('a quotation mark after the text', file('a.csv', "GUID\n$A[0]'\n"), qr/row 2: .*: a quotation mark in the text/);
refuses('a formula in text', file('a.csv', "GUID\n=A1\n"), qr/row 2: "=A1": a formula, not its result/);

# --------------------------------------------------------- the GUID column

refuses('two columns of GUIDs', file('a.csv', "Meter,Hub\n$A[0],$A[1]\n"), qr/columns A and B may all be the GUID column/);
refuses('two GUID headers', file('a.csv', "ESME GUID,CHF GUID\n$A[0],$A[1]\n"), qr/columns A and B may all be/);
loads('the header chooses', file('a.csv', "Hub,DeviceGUID\n$A[1],$A[0]\n"), 1);
is($node->safe_psql('postgres', 'TABLE poa.guid_list'), $A[0], 'the right one');
loads('a weaker header chooses', file('a.csv', "Hub,Device ID\n$A[1],$A[0]\n"), 1);
is($node->safe_psql('postgres', 'TABLE poa.guid_list'), $A[0], 'the right one');
loads('a title, an empty line, headers', file('a.csv', "Affected GUIDs,\n\nSerial,GUID\n1234,$A[0]\n"), 1);
refuses('a header over damage beside a column of GUIDs',
	file('a.csv', "GUID,Hub\n1.23E+15,$A[0]\n"), qr/row 2: "1.23E\+15": a number made of a GUID/);
loads('a header that is no header', file('a.csv', "GUID guideline,Serial\n,1234567890\n$A[0],x\n"), 1);

# ----------------------------------------------------------------- workbooks

my @sheets = ([ 'First', [ [ 'Model', 'GUID' ], [ 'x', $A[0] ], [], [ 'x', " $A[1]\n" ] ] ],
	[ 'Read me', [ ['Only for internal use'] ] ], [ 'Empty', [] ],
	[ 'Rest', [ [ 'y', $A[2] ], [ 'y', { str => $A[3] } ], [ 'y', $A[0] ] ] ]);
foreach my $how ([ 'shared strings' ], [ 'inline strings', inline => JSON::PP::true ], [ 'a namespace prefix', prefix => 'x:' ])
{
	my ($name, @how) = @$how;
	$err = loads("workbook, $name", book(sheets => \@sheets, @how), 4);
	like($err, qr/sheet "Read me": no column with GUIDs in it, skipped/, "$name: a sheet without GUIDs is mentioned");
}
loads('rich text, and its phonetic help',
	book(sheets => [ [ 'S', [ ['GUID'], [ $A[0] ] ] ] ], parts => { 'xl/sharedStrings.xml' =>
		'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>GUID</t></si><si><r><t>00-DB-12-34</t></r>'
		. '<r><t>-56-78-90-A1_x000D_</t></r><rPh><t>zz</t></rPh></si></sst>' }), 1);
$err = loads('a full sheet', book(sheets => [ [ 'S', [ ['GUID'], [ $A[0] ], { at => 1048576 }, [ $A[1] ] ] ], [ 'T', [ [ $A[2] ] ] ] ]), 3);
is(scalar(() = $err =~ /exactly 1,048,576 rows/g), 1, 'is warned of, once');
unlike(loads('a sheet one short of it', book(sheets => [ [ 'S', [ ['GUID'], { at => 1048575 }, [ $A[1] ] ] ] ]), 1),
	qr/warning/, 'is not');

# A value beside an inline string: what other readers take for a shared string, or for the text.
loads('inline strings with a value beside them', book(sheets => [ [ 'S', [ ['GUID'],
	[ { inline => [ $A[0], '0' ] } ], [ { inline => [ $A[1], $A[1] ] } ], [ { inline => [ $A[2], '00-DB' ] } ],
	[ { inline => [ '00-DB-12-34-56-78', '-90-07' ] } ] ] ] ]), 3, '--skip-rejects');
is($node->safe_psql('postgres', q{SELECT string_agg(guid::text, ' ' ORDER BY guid) FROM poa.guid_list}), "@A[0 .. 2]",
	'only the inline text counts');
refuses('a value in place of an inline text', book(sheets => [ [ 'S', [ ['GUID'], [ $A[0] ], [ { inline => [ undef, $A[1] ] } ] ] ] ]),
	qr/row 3: "$A[1]": a value where its cell has no place for it/);

# What is hidden is read, and warned of.
$err = loads('hidden sheets and rows', book(state => { Old => 'hidden', Older => 'veryHidden', Notes => 'hidden' },
	sheets => [ [ 'Seen', [ ['GUID'], [ $A[0] ], { hidden => [ $A[1] ] }, { hidden => [] }, { hidden => [ $A[2] ] } ] ],
		[ 'Old', [ ['GUID'], [ $A[3] ] ] ], [ 'Older', [ ['GUID'], { hidden => [ $A[4] ] }, [ $A[5] ] ] ], [ 'Notes', [ ['None'] ] ] ]), 6);
is(join('', $err =~ /sheet ("\w+": (?:the sheet is|\d+ hidden).*\n)/g), join('',
	qq{"Seen": 2 hidden or filtered rows read all the same\n},
	qq{"Old": the sheet is hidden, 1 row of it read all the same\n},
	qq{"Older": the sheet is very hidden, 2 rows of it read all the same\n},
	qq{"Older": 1 hidden or filtered row read all the same\n}), 'are counted by sheet');

# A workbook with macros is read as one without; of other kinds the content tells.
my $with_macros = "$dir/macros.XLSM";
rename book(sheets => \@sheets), $with_macros or die;
loads('.xlsm', $with_macros, 4);
foreach my $name ('other.xlsx', 'other.xlsm', 'other.csv')
{
	my %other = (
		'xlsb' => { '_rels/.rels' => '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
			. ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.bin"/></Relationships>',
			'xl/workbook.xml' => undef, 'xl/workbook.bin' => "\x01\x02" },
		'ods' => { 'mimetype' => 'application/vnd.oasis.opendocument.spreadsheet', 'content.xml' => '<office:document-content/>',
			'_rels/.rels' => undef, 'xl/workbook.xml' => undef });
	foreach my $kind (sort keys %other)
	{
		rename book(sheets => \@sheets, parts => $other{$kind}), "$dir/$name" or die;
		refuses("$kind by the name of $name", "$dir/$name", qr/\(.$kind\) by what is in it; save it as .xlsx/);
	}
}

# The same 1,000 GUIDs by other writers.
my %writers = (
	openpyxl => q{
import openpyxl, sys
book = openpyxl.Workbook(write_only=sys.argv[2] == 'stream')
sheet = book.create_sheet('Meters') if book.write_only else book.active
for row in [('Model', 'GUID'), *(('E470', '00-DB-12-34-56-78-%02X-%02X' % divmod(n, 256)) for n in range(1000))]:
	sheet.append(row)
book.save(sys.argv[1])
},
	xlsxwriter => q{
import sys, xlsxwriter
book = xlsxwriter.Workbook(sys.argv[1], {'constant_memory': sys.argv[2] == 'stream'})
sheet = book.add_worksheet('Meters')
for n, row in enumerate([('Model', 'GUID'), *(('E470', '00-DB-12-34-56-78-%02X-%02X' % divmod(n, 256)) for n in range(1000))]):
	sheet.write_row(n, 0, row)
book.close()
});
foreach my $writer (sort keys %writers)
{
	SKIP:
	{
		skip "no $writer", 6 unless run [ '/usr/bin/python3', '-c', "import $writer" ], '2>', \my $none;
		foreach my $how ('whole', 'stream')
		{
			my $path = "$dir/$writer-$how.xlsx";
			run([ '/usr/bin/python3', '-c', $writers{$writer}, $path, $how ]) or die $writer;
			loads("1,000 GUIDs by $writer, $how", $path, 1000);
		}
	}
}

# ------------------------------------------------------------------- damage

my @damage = (
	[ { n => '1.23E+15' }, '1.23E+15', qr/a number made of a GUID, written as a power of ten/ ],
	[ '1,23E+15', '1,23E+15', qr/a number made of a GUID, written as a power of ten/ ],
	[ { n => '1234567890123450' }, '1234567890123450', qr/a spreadsheet keeps 15 digits/ ],
	[ { n => '123456789012345' }, '123456789012345', qr/a 15-digit number made of a GUID/ ],
	[ '123456789012345', '123456789012345', qr/a 15-digit number made of a GUID/ ],
	[ { n => '12345678901234' }, '12345678901234', qr/leading zeros are lost/ ],
	[ { n => '42' }, '42', qr/a number, not a GUID/ ],
	[ { d => '45000' }, '45000', qr/a date made of a GUID/ ],
	[ '2024-01-02', '2024-01-02', qr/a date made of a GUID/ ],
	[ { e => '#N/A' }, '#N/A', qr/a formula error/ ],
	[ '#NAME?', '#NAME?', qr/a formula error/ ],
	[ { b => '1' }, '1', qr/TRUE or FALSE/ ],
	[ { f => 'A1' }, '', qr/a formula whose result is not stored/ ],
	[ 'DB1234567890A0', 'DB1234567890A0', qr/14 hex digits of 16: lost leading zeros/ ],
	[ '0DB1234567890A0', '0DB1234567890A0', qr/15 hex digits of 16: lost leading zeros/ ],
	[ '000DB1234567890A0', '000DB1234567890A0', qr/17 hex digits instead of 16/ ],
	[ '00-DB-12-34:56-78-90-A0', '00-DB-12-34:56-78-90-A0', qr/joined in pairs by - or by : throughout/ ],
	[ 'O0-DB-12-34-56-78-90-A0', 'O0-DB-12-34-56-78-90-A0', qr/'O' is not a hex digit/ ],
	[ "$A[0]\x{A0}", undef, qr/U\+00A0, NO-BREAK SPACE/ ],
	[ '-:-', '-:-', qr/0 hex digits of 16/ ],
	[ 'n/a', 'n/a', qr/not a GUID/ ]);
my $damaged = book(sheets => [ [ 'Good', [ ['GUID'], [ $A[0] ] ] ], [ 'Bad', [ ['GUID'], [ $A[1] ], map { [ $_->[0] ] } @damage ] ] ]);
refuses('damage', $damaged, qr/refused: 21 cells rejected/, '--rejects', "$dir/rejects.csv");
open my $in, '<', "$dir/rejects.csv" or die;
is(<$in>, "file,sheet,row,text,reason\n", 'rejects: header');
foreach my $row (0 .. $#damage)
{
	my $line = <$in>;
	my (undef, $shown, $why) = @{ $damage[$row] };
	like($line, qr/^\Q$damaged\E,Bad,@{[ $row + 3 ]},/, "reject $row: where");
	like($line, qr/,"?\Q$shown\E"?,/, "reject $row: text") if defined $shown;
	like($line, $why, "reject $row: reason");
}
is(scalar(<$in>), undef, 'no others');
close $in;
set_list();
($code, $counts) = load('--skip-rejects', $damaged);
is("$code @$counts{qw(rows distinct rejected added)}", '0 23 2 21 2', '--skip-rejects loads the rest');
is($node->safe_psql('postgres', 'SELECT rejected FROM poa.guid_list_import ORDER BY import_id DESC LIMIT 1'), 21, 'and records it');
refuses('a column of nothing but damage', book(sheets => [ [ 'S', [ map { [ { n => "12345678901234$_" } ] } 0 .. 9 ] ] ]),
	qr/row 1: "123456789012340": a 15-digit number/);

# --------------------------------------------------------- hostile workbooks

my $sheet1 = 'xl/worksheets/sheet1.xml';
my @one = (sheets => [ [ 'S', [ ['GUID'], [ $A[0] ] ] ] ]);
my $main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
foreach (
	[ 'an entity bomb', qr/document type declaration/,
		$sheet1 => qq{<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><worksheet $main><sheetData>&d;</sheetData></worksheet>} ],
	[ 'a zip bomb', qr/unpacks to more than 200 times its size/,
		$sheet1 => [ [ "<worksheet $main><sheetData>", 1 ], [ '<row r="1"/>' x 100, 100000 ], [ '</sheetData></worksheet>', 1 ] ] ],
	[ 'a string without end', qr/a text of more than/, 'xl/sharedStrings.xml' => [ [ "<sst $main><si><t>", 1 ], [ 'x' x 1000, 2000 ], [ '</t></si></sst>', 1 ] ] ],
	[ 'a tag without end', qr/a tag of more than/, $sheet1 => [ [ "<worksheet $main><!--", 1 ], [ 'x' x 1000, 3000 ], [ '--></worksheet>', 1 ] ] ],
	[ 'a row that no sheet has', qr/a row 1048577/, $sheet1 => qq{<worksheet $main><sheetData><row r="1048577"/></sheetData></worksheet>} ],
	[ 'a column that no sheet has', qr/a column 'XFE'/, $sheet1 => qq{<worksheet $main><sheetData><row r="1"><c r="XFE1"/></row></sheetData></worksheet>} ],
	[ 'a shared string that is not there', qr/no shared string 9/, $sheet1 => qq{<worksheet $main><sheetData><row r="1"><c r="A1" t="s"><v>9</v></c></row></sheetData></worksheet>} ],
	[ 'no number where one belongs', qr/cannot be read/, $sheet1 => qq{<worksheet $main><sheetData><row r="one"/></sheetData></worksheet>} ],
	[ 'an unknown encoding', qr/cannot be read/, $sheet1 => qq{<?xml version="1.0" encoding="UTF-81"?><worksheet $main/>} ],
	[ 'XML that ends early', qr/cannot be read/, $sheet1 => "<worksheet $main><sheetData>" ],
	[ 'a sheet that is missing', qr/sheet "S" is missing/, $sheet1 => undef ],
	[ 'no workbook inside', qr/not a workbook/, 'xl/workbook.xml' => undef ],
	[ 'no sheets', qr/has no sheet/, 'xl/workbook.xml' => "<workbook $main/>" ])
{
	my ($name, $message, $part, $content) = @$_;
	refuses($name, book(@one, parts => { $part => $content }), $message);
}
loads('a million empty rows', book(@one, parts => { $sheet1 => [ [ "<worksheet $main><sheetData>"
	. qq{<row r="1"><c t="inlineStr"><is><t>$A[0]</t></is></c></row>}, 1 ], [ '<row/>' x 100, 10000 ], [ '</sheetData></worksheet>', 1 ] ] }), 1);
refuses('an empty workbook file', file('a.xlsx', ''), qr/the file is empty/);
refuses('text by the name of a workbook', file('a.xlsx', $text), qr/not a workbook by what is in it; if it is text, name it .csv/);
refuses('an old workbook', file('a.xlsx', "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), qr/of the old kind/);
refuses('an encrypted workbook', file('a.xlsx', "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" . join "\0", split //, 'EncryptedPackage '),
	qr/is encrypted/);

# Cut off anywhere, or with a byte changed anywhere: refused, or read as it was.
my $whole = slurp_file(book(@one));
set_list($A[0]);
srand(3);
my (%codes, $wrong);
foreach my $case (0 .. 79)
{
	my $bytes = $whole;
	if ($case < 40) { $bytes = substr $whole, 0, length($whole) * $case / 40 }
	else { substr($bytes, rand length $whole, 1) = chr rand 256 }
	my ($out, $err);
	run([ 'poa-load-list', '--dry-run', '-d', $op, file('mutant.xlsx', $bytes) ], '>', \$out, '2>', \$err);
	my $code = $? >> 8;
	$codes{$code}++;
	$wrong .= "case $case: exit $code\n$out$err" if $code > 1 || $err =~ /Traceback/ || $code == 0 && $out !~ /^distinct: 1\n/m;
}
run([ 'sh', '-c', 'poa-load-list --dry-run -d "$0" "$1" >/dev/full', $op, $plain ], '2>', \$err);
like($err, qr/\Apoa-load-list: .*\npoa-load-list: standard output: No space left on device\n\z/, 'an answer that cannot be written');
run([ 'poa-load-list', '--rejects', '/dev/full', '-d', $op, $damaged ], '>', \$out, '2>', \$err);
is($? >> 8, 1, 'rejects that cannot be written');
unlike($err, qr/Traceback/, 'no traceback');
is($wrong, undef, 'mutants: ' . join ', ', map { "$codes{$_} with exit $_" } sort keys %codes);
is(list(), 1, 'the list stays');

# --------------------------------------------------------------------- undo

$node->safe_psql('postgres', 'DELETE FROM poa.guid_list_import; DELETE FROM poa_internal.guid_list_change');
set_list(@A[0 .. 9]);
my $members = q{SELECT string_agg(guid::text, ' ' ORDER BY guid) FROM poa.guid_list};
my $before = $node->safe_psql('postgres', $members);
(undef, $counts) = load(file('a.csv', join "\n", 'GUID', @A[1 .. 11], ''));
my $first = $counts->{import};
my $between = $node->safe_psql('postgres', $members);
(undef, $counts) = load('--mode', 'remove', file('a.csv', "$A[5]\n"));
my $second = $counts->{import};

sub undo
{
	my ($id, $options) = @_;
	my $result = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSELECT poa.undo_import($id)",
		extra_params => [ '-U', 'op' ], stderr => \my $stderr, on_error_stop => 0);
	return $stderr =~ /ERROR:\s+(\w+)/ ? $1 : 'done';
}
is(undo($first), '55000', 'not the newest');
is(undo(999), '42704', 'unknown');
is(undo('NULL'), '42704', 'NULL');
is(undo($second), 'done', 'the newest');
is($node->safe_psql('postgres', $members), $between, 'is taken back');
is(undo($second), '55000', 'not twice');
is(undo($first), 'done', 'then the one before');
is($node->safe_psql('postgres', $members), $before, 'is taken back too');
is($node->safe_psql('postgres', 'SELECT count(*), min(undone_by), count(undone_at) FROM poa.guid_list_import'), '2|op|2', 'on record');
is($node->safe_psql('postgres', 'SELECT count(*) FROM poa_internal.guid_list_change'), 0, 'nothing is kept for them any more');

# --------------------------------------------------------- behind the loader

sub fails
{
	my ($name, $sql, $state) = @_;
	$node->psql('postgres', "\\set VERBOSITY sqlstate\n$sql", extra_params => [ '-U', 'op' ], stderr => \my $stderr, on_error_stop => 0);
	like($stderr // '', qr/ERROR:\s+$state/, $name);
}
my $finish = "SELECT poa_internal.finish_import('replace', 's', 'h')";
fails('finished without a beginning', $finish, '55000');
fails('an unknown mode', "BEGIN; SELECT poa_internal.begin_import(); SELECT poa_internal.finish_import('merge', 's', 'h')", '22023');
fails('another isolation level', "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT poa_internal.begin_import(); $finish", '25000');
fails('the record is not to be written', 'DELETE FROM poa.guid_list_import', '42501');
$node->safe_psql('postgres', 'GRANT TEMPORARY ON DATABASE postgres TO op');
fails("the operator's own table is not the stage",
	"BEGIN; CREATE TEMP TABLE guid_list_stage (guid guid); $finish", '55000');
fails('nor can it be in the way unnoticed',
	"BEGIN; CREATE TEMP TABLE guid_list_stage (guid guid); SELECT poa_internal.begin_import()", '42P07');
# A view would run its functions with the rights of the owner of the extension.
my $view = q{
	CREATE FUNCTION pg_temp.taken() RETURNS guid LANGUAGE plpgsql AS
		'BEGIN CREATE TABLE IF NOT EXISTS public.taken AS SELECT current_user AS by_whom; RETURN 1::bigint::public.guid; END';
	CREATE TEMP VIEW guid_list_stage AS SELECT pg_temp.taken() AS guid;};
fails("nor is the operator's view", "$view BEGIN; $finish; COMMIT", '55000');
fails('nor does it stand in the way unnoticed', "$view BEGIN; SELECT poa_internal.begin_import()", '42P07');
fails('nor does it come later', "BEGIN; SELECT poa_internal.begin_import(); $view", '42P07');
is($node->safe_psql('postgres', q{SELECT to_regclass('public.taken') IS NULL}), 't', 'and it does not run');
fails('the stage belongs to the owner',
	'BEGIN; SELECT poa_internal.begin_import(); ALTER TABLE pg_temp.guid_list_stage ADD COLUMN x int', '42501');

# -------------------------------------------------------------- concurrency

set_list($A[0]);
$node->safe_psql('postgres', "INSERT INTO poa.device VALUES ('$A[0]', 'ESME', 2, '1063', '$A[50]', NULL), ('$A[1]', 'ESME', 2, '1063', '$A[51]', NULL)");
my $session = $node->background_psql('postgres');
$session->query_safe(qq{
	BEGIN;
	SELECT poa_internal.begin_import();
	INSERT INTO pg_temp.guid_list_stage VALUES ('$A[1]');
	SELECT poa_internal.finish_import('replace', 's', 'h', max_removed => 100);
});
is($node->safe_psql('postgres', "SELECT poa.track_activation('$A[0]') IS NULL, poa.track_activation('$A[1]') IS NULL"), 'f|t',
	'tracking goes on and sees the old list');
my ($other_out, $other_err) = ('', '');
my $other = IPC::Run::start([ 'poa-load-list', '--mode', 'add', '-d', $op, file('a.csv', "$A[2]\n") ],
	'>', \$other_out, '2>', \$other_err);
ok($node->poll_query_until('postgres', q{SELECT EXISTS (SELECT FROM pg_stat_activity
	WHERE application_name = 'poa-load-list' AND wait_event_type = 'Lock')}), 'a second import waits');
is($node->safe_psql('postgres', 'TABLE poa.guid_list'), $A[0], 'neither is to be seen');
$session->query_safe('COMMIT');
$session->quit;
$other->finish;
like($other_out, qr/^unchanged: 1\n/m, 'the second starts from where the first ended');
is($node->safe_psql('postgres', 'SELECT string_agg(guid::text, $$ $$ ORDER BY guid) FROM poa.guid_list'), "$A[1] $A[2]", 'both are there');
is($node->safe_psql('postgres', "SELECT poa.track_activation('$A[1]') IS NULL"), 'f', 'tracking sees the new list');

# A connection that breaks leaves nothing behind.
$session = $node->background_psql('postgres');
$session->query_safe('BEGIN; LOCK TABLE poa.guid_list');
$other = IPC::Run::start([ 'poa-load-list', '--mode', 'add', '-d', $op, file('a.csv', "$A[3]\n") ], '>', \$other_out, '2>', \$other_err);
$node->poll_query_until('postgres', q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'poa-load-list' AND wait_event_type = 'Lock')});
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'poa-load-list'});
$other->finish;
is($other->result(0), 3, 'a connection that breaks: exit');
$session->query_safe('COMMIT');
$session->quit;
is(list(), 2, 'the list stays');

$node->stop;
done_testing();
