# make release fills in what stands between @ signs.
class Crs < Formula
  desc "Relay for AI provider APIs"
  homepage "@FROM@"
  version "@VERSION@"
  license "MIT"

  on_macos do
    on_arm do
      url "@FROM@/crs_@VERSION@_darwin_arm64"
      sha256 "@SHA256_darwin_arm64@"
    end
    on_intel do
      url "@FROM@/crs_@VERSION@_darwin_amd64"
      sha256 "@SHA256_darwin_amd64@"
    end
  end
  on_linux do
    on_arm do
      url "@FROM@/crs_@VERSION@_linux_arm64"
      sha256 "@SHA256_linux_arm64@"
    end
    on_intel do
      url "@FROM@/crs_@VERSION@_linux_amd64"
      sha256 "@SHA256_linux_amd64@"
    end
  end

  def install
    bin.install Dir["crs_*"].first => "crs"
    chmod 0755, bin/"crs"
    generate_completions_from_executable(bin/"crs", "completion")
  end

  service do
    run [opt_bin/"crs", "serve"]
    keep_alive true
    error_log_path var/"log/crs.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/crs version")
  end
end
