# Every block of code in the documents is run, in order, and prints what the
# document shows.  Each document has a database of its own.  Links lead to what
# is there, and README.md to every document.
#
#   ```sql    goes to psql, as a superuser
#   ```sh     goes to bash -e, in a folder that the document's blocks share
#   ```text   right after one of these is its output; without it, a block prints
#             nothing but command tags and the empty answers of functions.  In it
#             "..." stands for anything within a line, and alone in a line for any
#             lines.  Tags with a count (INSERT 0 1) count where one is shown.
#
# Comments right before a block determine how it is run:
#
#   <!-- as: ROLE -->         psql is started by this role
#   <!-- needs: PROGRAM -->   only where there is this program
#   <!-- run by: FILE -->     not here, but by that file, which names the document
#   <!-- not run: REASON -->
#
# A block of another language has to be run by another file.  A comment whose
# first line is "<!-- setup: sql" or "<!-- setup: sh" is run without being shown;
# the source tree is in $TOP.

use strict;
use warnings;
use Cwd qw(getcwd);
use IPC::Run qw(run);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# blocks(DOCUMENT): [{lang, line, code, output, and the marks}], in order
sub blocks
{
	my ($document) = @_;
	my (@blocks, %marks, $end, $text);
	my ($line, $after_code) = (0, 0);

	foreach (split /^/, slurp_file($document))
	{
		$line++;
		if (defined $end)
		{
			if ($_ eq $end) { $end = undef }
			else { $$text .= $_ }
		}
		elsif (/^```text$/ and $after_code)
		{
			($end, $text, $after_code) = ("```\n", \($blocks[-1]{output} = ''), 0);
		}
		elsif (/^(```|<!-- setup: )(\w*)$/)
		{
			my ($setup, $lang) = ($1 ne '```', $2);
			push @blocks, { lang => $lang, line => $line, code => '', setup => $setup, $setup ? () : %marks };
			($end, $text) = ($setup ? "-->\n" : "```\n", \$blocks[-1]{code});
			$after_code = !$setup && $lang =~ /^(?:sql|sh)$/;
			%marks = () unless $setup;
		}
		elsif (/^<!-- (as|needs|run by|not run): (.+) -->$/)
		{
			$marks{$1} = $2;
			$after_code = 0;
		}
		elsif (/\S/)
		{
			fail("$document:$line: a mark before no block") if %marks;
			fail("$document:$line: code outside of a block") if /^ {4}|^ +```|^~~~/;
			%marks = ();
			$after_code = 0;
		}
	}
	fail("$document: a block without an end") if defined $end;
	return @blocks;
}

# plain(OUTPUT, COUNTS): without what documents leave out
sub plain
{
	my ($output, $counts) = @_;

	$output =~ s/[ \t]+$//mg;
	$output =~ s/^ \w+\n-+\n(?:\n)+\(\d+ rows?\)\n//mg;           # functions that return void
	$output =~ s/^(?:[A-Z]+ )*[A-Z]+\n//mg;
	$output =~ s/^(?:INSERT 0|UPDATE|DELETE|COPY|SELECT|MERGE) \d+\n//mg unless $counts;
	$output =~ s/\n{2,}/\n/g;
	$output =~ s/^\n//;
	return $output;
}

# matches(OUTPUT, SHOWN): are they the same, but for "..."?
sub matches
{
	my ($output, $shown) = @_;
	my $pattern = join '', map { $_ eq "...\n" ? '(?:.*\n)*?' : join '[^\n]*', map { quotemeta } split /\.\.\./, $_, -1 } split /^/, $shown;

	return $output =~ /\A$pattern\z/;
}

# anchors(DOCUMENT): {what a link to a heading of it ends in, as GitHub makes it => 1}
sub anchors
{
	my ($document) = @_;
	my $text = slurp_file($document) =~ s/^```.*?^```$//gmsr;
	return { map { lc(s/[^\w\s-]//gr) =~ s/ /-/gr => 1 } $text =~ /^#+ (.*)/mg };
}

my @documents = ('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', sort glob 'docs/*.md');
my %linked;
foreach my $document (@documents)
{
	my ($folder) = $document =~ m{^(.*/)?};
	foreach my $link (slurp_file($document) =~ /\]\((?!https?:)([^)\s]+)\)/g)
	{
		my ($file, $anchor) = split /#/, $link;
		my $path = $file ? ($folder // '') . $file : $document;
		$path =~ s{[^/]+/\.\./}{};
		$linked{$path} = 1 if $document eq 'README.md';
		ok(-e $path && (!defined $anchor || anchors($path)->{$anchor}), "$document leads to $link");
	}
}
is(join(' ', grep { not $linked{$_} and $_ ne 'README.md' } @documents), '', 'README.md leads to each document');

my $node = PostgreSQL::Test::Cluster->new('docs');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;

# documents are typed in a terminal of today
delete @ENV{qw(PGOPTIONS PGTZ PGDATESTYLE)};
@ENV{qw(PGHOST PGPORT PGDATABASE LC_ALL TOP)} = ($node->host, $node->port, 'docs', 'C.UTF-8', getcwd);

foreach my $document (@documents)
{
	my $folder = $ENV{HOME} = PostgreSQL::Test::Utils::tempdir();

	$node->safe_psql('postgres', 'CREATE DATABASE docs');
	foreach my $block (blocks($document))
	{
		my $name = "$document:$block->{line}";
		my ($by, $role) = @$block{ 'run by', 'as' };
		my ($output, $shown) = ('', $block->{output} // '');

		if (defined $by)
		{
			ok(-e $by && index(slurp_file($by), $document =~ s/\.md$//r) >= 0, "$name is run by $by");
			next;
		}
		next if defined $block->{'not run'};
		SKIP:
		{
			my $needs = $block->{needs};
			skip "$needs is not installed", 1 if $needs and not grep { -x "$_/$needs" } split /:/, $ENV{PATH};

			if ($block->{lang} eq 'sql')
			{
				my @options = ($role ? ('-U', $role) : (), $block->{setup} ? ('-v', 'ON_ERROR_STOP=1') : ());
				run([ 'psql', '-X', @options ], '<', \$block->{code}, '>&', \$output);
			}
			elsif ($block->{lang} eq 'sh')
			{
				run([ 'bash', '-e', '-c', $block->{code} ], '<', \undef, '>&', \$output, init => sub { chdir $folder });
			}
			else
			{
				$output = "nothing runs a block of language '$block->{lang}'\n";
			}
			if ($block->{setup})
			{
				ok(!$?, "$name, set-up") or diag($output);
				next;
			}
			$output .= "exit status " . ($? >> 8) . "\n" if $?;
			my $counts = $shown =~ /^(?:INSERT 0|UPDATE|DELETE|COPY|SELECT|MERGE) \d+$/m;
			my ($is, $should) = (plain($output, $counts), plain($shown, $counts));
			ok(matches($is, $should), $name) or diag("printed:\n${is}shown:\n$should");
		}
	}
	$node->safe_psql('postgres', 'DROP DATABASE docs WITH (FORCE)');
	$node->safe_psql('postgres', "DROP OWNED BY \"$_\"; DROP ROLE \"$_\"")
	  foreach split /\n/, $node->safe_psql('postgres', 'SELECT rolname FROM pg_roles WHERE oid >= 16384');
}

done_testing();
