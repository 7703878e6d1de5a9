/*
 * JDBC: what a diverted alert looks like, and what to write.
 *
 *   java -cp /usr/share/java/postgresql.jar WithJdbc.java [true|false]
 *
 * connects by PGPORT, PGDATABASE and PGUSER, as a role that may only write; the
 * argument is that of reWriteBatchedInserts.
 */
import java.sql.*;
import java.time.OffsetDateTime;
import java.util.Arrays;

public class WithJdbc {
    static final String HUB = "88-73-84-90-6A-10-02-DB";
    static final OffsetDateTime INSIDE = OffsetDateTime.parse("2026-03-02T09:16:00Z");  // in the hub's window: diverted
    static final OffsetDateTime AFTER = OffsetDateTime.parse("2026-03-02T10:16:00Z");   // stored

    // setString sends varchar, which fits the type guid in an assignment; elsewhere
    // it is written ?::text::guid.
    static final String VALUES = " (alert_code, chf, mpxn, received_at) VALUES (?, ?, ?, ?)";

    static void bind(PreparedStatement statement, int mpxn, OffsetDateTime at) throws SQLException {
        statement.setString(1, "AD1");
        statement.setString(2, HUB);
        statement.setString(3, Integer.toString(mpxn));
        statement.setObject(4, at);
    }

    static void check(boolean met, String what) {
        if (!met)
            throw new IllegalStateException(what);
    }

    public static void main(String[] arguments) throws SQLException {
        boolean rewrite = arguments.length > 0 && arguments[0].equals("true");
        String url = "jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE")
            + "?user=" + System.getenv("PGUSER") + "&reWriteBatchedInserts=" + rewrite;

        try (Connection connection = DriverManager.getConnection(url)) {
            // A diverted row counts 0, and has no generated key.
            try (PreparedStatement one = connection.prepareStatement("INSERT INTO alerts" + VALUES, new String[] {"alert_id"})) {
                bind(one, 1, INSIDE);
                check(one.executeUpdate() == 0 && !one.getGeneratedKeys().next(), "diverted");
                bind(one, 2, AFTER);
                check(one.executeUpdate() == 1 && one.getGeneratedKeys().next(), "stored");
            }

            // A batch counts 0 for each diverted row. Rewritten into statements of many
            // rows it has no counts of single rows any more.
            try (PreparedStatement batch = connection.prepareStatement("INSERT INTO alerts" + VALUES)) {
                bind(batch, 3, INSIDE);
                batch.addBatch();
                bind(batch, 4, AFTER);
                batch.addBatch();
                int[] counts = batch.executeBatch();
                int[] expected = rewrite ? new int[] {Statement.SUCCESS_NO_INFO, Statement.SUCCESS_NO_INFO} : new int[] {0, 1};
                check(Arrays.equals(counts, expected), "batch: " + Arrays.toString(counts));
            }

            // Generated keys of a batch: fewer than rows, so they are not paired by position.
            try (PreparedStatement batch = connection.prepareStatement("INSERT INTO alerts" + VALUES, new String[] {"mpxn", "alert_id"})) {
                bind(batch, 5, INSIDE);
                batch.addBatch();
                bind(batch, 6, AFTER);
                batch.addBatch();
                batch.executeBatch();
                ResultSet keys = batch.getGeneratedKeys();
                check(keys.next() && keys.getString("mpxn").equals("6") && !keys.next(), "keys of a batch");
            }

            // Through the view each row counts and has its key.
            try (PreparedStatement view = connection.prepareStatement("INSERT INTO alerts_one_row" + VALUES, new String[] {"alert_id"})) {
                bind(view, 7, INSIDE);
                view.addBatch();
                bind(view, 8, AFTER);
                view.addBatch();
                bind(view, 9, INSIDE);
                view.addBatch();
                int[] counts = view.executeBatch();
                check(rewrite || Arrays.equals(counts, new int[] {1, 1, 1}), "view: " + Arrays.toString(counts));
                ResultSet keys = view.getGeneratedKeys();
                check(keys.next() && keys.next() && keys.next() && !keys.next(), "keys of the view");
            }
        }
    }
}
