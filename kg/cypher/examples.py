"""Questions in Cypher that mean the same to both stores; the documentation shows them, and a test runs each on both.

What keeps a query portable: order the rows by columns that settle every tie; compare genes by `curie`; say of a pattern
over several relationships that its genes differ (Neo4j never takes one relationship twice, the embedded engine may);
and leave functions of one engine alone (`shortestPath`, APOC).
"""

from __future__ import annotations

EXAMPLES: dict[str, str] = {
    "What regulates a gene": """
MATCH (r:Gene)-[e:REGULATES]->(:Gene {symbol: 'LYZ'})
RETURN r.symbol AS regulator, e.effect AS effect, e.belief AS belief, e.papers AS papers
ORDER BY belief DESC, regulator""",
    "What a gene activates, believed at least so much": """
MATCH (:Gene {symbol: 'SPI1'})-[e:REGULATES]->(t:Gene)
WHERE e.effect = 'activation' AND e.belief >= 0.5
RETURN t.symbol AS target, e.belief AS belief
ORDER BY belief DESC, target""",
    "What two regulators share": """
MATCH (a:Gene {symbol: 'NFKB1'})-[:REGULATES]->(t:Gene)<-[:REGULATES]-(b:Gene {symbol: 'RELA'})
RETURN t.symbol AS target
ORDER BY target""",
    "What regulates the regulators of a gene": """
MATCH (s:Gene)-[:REGULATES]->(r:Gene)-[:REGULATES]->(t:Gene {symbol: 'IL1B'})
WHERE s.curie <> r.curie AND r.curie <> t.curie AND s.curie <> t.curie
RETURN s.symbol AS upstream, count(r) AS ways
ORDER BY ways DESC, upstream
LIMIT 10""",
    "The regulators with most targets": """
MATCH (g:Gene)-[e:REGULATES]->(:Gene)
WHERE e.belief > 0
RETURN g.symbol AS gene, count(e) AS targets
ORDER BY targets DESC, gene
LIMIT 10""",
    "Edges with papers for both signs": """
MATCH (r:Gene)-[e:REGULATES]->(t:Gene)
WHERE e.activation > 0 AND e.repression > 0
RETURN r.symbol AS regulator, t.symbol AS target, e.activation AS activation, e.repression AS repression
ORDER BY regulator, target""",
    "Genes that regulate themselves": """
MATCH (g:Gene)-[e:REGULATES]->(h:Gene)
WHERE g.curie = h.curie
RETURN g.symbol AS gene, e.effect AS effect
ORDER BY gene""",
    "Pairs that regulate each other": """
MATCH (a:Gene)-[e:REGULATES]->(b:Gene)-[f:REGULATES]->(c:Gene)
WHERE a.curie = c.curie AND a.curie < b.curie
RETURN a.symbol AS one, b.symbol AS other, e.effect AS there, f.effect AS back
ORDER BY one, other""",
    "How many feed-forward loops there are": """
MATCH (x:Gene)-[:REGULATES]->(y:Gene)-[:REGULATES]->(z:Gene), (x)-[:REGULATES]->(z)
WHERE x.curie <> y.curie AND y.curie <> z.curie AND x.curie <> z.curie
RETURN count(*) AS loops""",
    "What families of genes regulate": """
MATCH (f:Gene {kind: 'family'})-[e:REGULATES]->(t:Gene)
RETURN f.symbol AS family, t.symbol AS target, e.effect AS effect
ORDER BY family, target
LIMIT 20""",
}
"""By what they ask."""
