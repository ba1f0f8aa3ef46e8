# The formula for Homebrew. `cargo xtask release` writes it to dist/ with the checksum of the source in place of the
# zeros.
class Earmark < Formula
  desc "Train, evaluate and run audio taggers"
  homepage "https://example.org/earmark"
  url "https://example.org/earmark/releases/download/v0.1.0/earmark-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", "--features", "release", *std_cargo_args(path: "crates/earmark-cli")
    generate_completions_from_executable(bin/"earmark", "completions")
    system bin/"earmark", "man", "man"
    man1.install Dir["man/*.1"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/earmark --version")
    system bin/"earmark", "features", test_fixtures("test.mp3"), "--recipe", "folder", "-o", "features.npy"
    assert_path_exists testpath/"features.npy"
  end
end
